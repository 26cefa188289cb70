import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { post } from "../api/client";
import { useReadOnly } from "../api/queries";
import type { Change, Task } from "../api/types";
import { Button } from "../parts/Button";
import { ConfirmDialog, UNDER_WAY } from "../parts/ConfirmDialog";
import { toast, toastProblem } from "../parts/toast";
import { type Action, UNFINISHED, UNSUCCESSFUL } from "../tasks/steering";

const NOT_NOW = {
  cancel: "It has ended: what has ended cannot be cancelled.",
  retry: "Only what failed or was cancelled can run again.",
};

/** Cancel it, run it again, create one like it. */
export function TaskActions({ task }: { task: Task }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const readOnly = useReadOnly();
  const steering = useSteering(task, () => { setAsked(null); });
  const may = { cancel: UNFINISHED.includes(task.state), retry: UNSUCCESSFUL.includes(task.state) };
  const refused = (action: Action) => readOnly ?? (may[action] ? null : NOT_NOW[action]);
  return (
    <>
      <Link href={`/create?like=${task.id}`}>Create one like it</Link>
      <Button icon="refresh" refused={refused("retry")} onClick={() => { setAsked("retry"); }}>Run again…</Button>
      <Button icon="ban" look="danger" refused={refused("cancel")} onClick={() => { setAsked("cancel"); }}>Cancel task…</Button>
      <ConfirmDialog
        open={asked !== null}
        title={asked === "retry" ? `Run ${task.command} again?` : `Cancel ${task.command}?`}
        confirm={asked === "retry" ? "Run it again" : "Cancel the task"}
        dismiss="Back"
        danger={asked === "cancel"}
        refused={steering.isPending ? UNDER_WAY : null}
        onConfirm={() => { if (asked) steering.mutate(asked); }}
        onClose={() => { setAsked(null); }}
      >
        <p>{asked === "retry" ? "It is ready at once, with the same payload, and keeps the trail of its attempts." : consequenceOf(task)}</p>
      </ConfirmDialog>
    </>
  );
}

function useSteering(task: Task, onDone: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (action: Action) => post<Change>(`/api/tasks/${task.id}/${action}`),
    onSuccess: ({ changed, detail }) => { toast({ tone: changed ? "good" : "info", title: `${task.command}: ${detail}` }); },
    onError: (error, action) => { toastProblem(action === "cancel" ? "It was not cancelled" : "It does not run again", error); },
    onSettled: () => {
      onDone();
      return cache.invalidateQueries({ queryKey: ["task", task.id] });
    },
  });
}

function consequenceOf(task: Task): string {
  if (task.state === "running") return `It runs on ${task.worker_id ?? "a worker"} and is stopped there; whatever it did so far stays done.`;
  return "It has not begun and never will, unless it is run again by hand.";
}
