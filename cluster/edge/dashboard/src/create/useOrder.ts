import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { Batch, Scheduled } from "../api/types";
import { ago, plural } from "../parts/formats";
import { toast } from "../parts/toast";
import { FIELDS } from "./draft";
import type { Reading } from "./payload";
import { refusalOf } from "../api/refusal";

type Body = Record<string, unknown>;
type Errors = Readonly<Record<string, string>>;

interface Wrong {
  errors: Errors;
  /** What is wrong with no single field. */
  problem: Problem | null;
  /** How often something was refused, by this page or by the server. */
  refusals: number;
}

/** Orders tasks and tells what came of it. State: what was wrong with the last try, until its field is changed. */
export function useOrder(taskId: string, onCreated: () => void) {
  const cache = useQueryClient();
  const [wrong, setWrong] = useState<Wrong>({ errors: {}, problem: null, refusals: 0 });
  const refuse = (errors: Errors, problem: Problem | null) => {
    setWrong(({ refusals }) => ({ errors, problem, refusals: refusals + 1 }));
  };
  const done = () => {
    onCreated();
    setWrong(({ refusals }) => ({ errors: {}, problem: null, refusals }));
    void cache.invalidateQueries({ queryKey: ["tasks"] });
  };
  const failed = (error: unknown) => {
    const problem = asProblem(error);
    const { field, message } = refusalOf(problem.detail, problem.passing ? [] : FIELDS);
    refuse(field === null ? {} : { [field]: message }, field === null ? problem : null);
  };
  const one = useMutation({
    mutationFn: (body: Body) => post<Scheduled>("/api/schedule", body),
    onSuccess: (answer) => { tellOne(answer, taskId); done(); },
    onError: failed,
  });
  const many = useMutation({
    mutationFn: (body: Body) => post<Batch>("/api/schedule/batch", body),
    onSuccess: ({ count }, { command }) => { tellMany(count, String(command)); done(); },
    onError: failed,
  });
  const send = (mutation: { mutate: (body: Body) => void }) => (reading: Reading<Body>) => {
    if ("errors" in reading) refuse(reading.errors, null);
    else mutation.mutate(reading.value);
  };
  /** What was said of these fields is no longer said once they are changed. */
  const forget = (names: readonly string[]) => {
    setWrong((before) => {
      const kept = Object.entries(before.errors).filter(([field]) => !names.includes(field.split(".")[0] ?? field));
      return { ...before, errors: Object.fromEntries(kept) };
    });
  };
  return { one: send(one), many: send(many), forget, busy: one.isPending || many.isPending, ...wrong };
}

function tellOne({ task_id, command, scheduled_at }: Scheduled, wanted: string): void {
  const link = { href: `/tasks/${task_id}`, text: "Open the task" };
  if (task_id !== wanted) {
    toast({ tone: "info", title: `${command} was there already`, detail: "An unfinished task has this unique key.", link });
    return;
  }
  const due = scheduled_at * 1000 - Date.now();
  toast({ tone: "good", title: `${command} is created`, detail: due > 1_500 ? `It is due ${ago(Date.now() + due, Date.now())}.` : "It is due now.", link });
}

function tellMany(count: number, command: string): void {
  const href = `/tasks?${new URLSearchParams({ command, from: "-15m" }).toString()}`;
  toast({ tone: "good", title: `${plural(count, "task")} created`, detail: command, link: { href, text: "See them in the table" } });
}
