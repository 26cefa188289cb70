import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import type { Changes } from "../api/types";
import { count, plural } from "../parts/formats";
import { toast, toastProblem } from "../parts/toast";
import type { Asked } from "./SteerDialog";

const DONE = { cancel: "cancelled", retry: "to run again" };

/** What an order would do, asked of the server without doing it. */
export function usePreview(asked: Asked | null) {
  return useQuery({
    queryKey: ["preview", asked],
    queryFn: () => post<Changes>(`/api/tasks/${asked?.action ?? ""}`, { ...asked?.body, dry_run: true }),
    enabled: asked !== null,
    // A preview is of this moment: opened again, it is asked for again.
    gcTime: 0,
    staleTime: 0,
  });
}

/** Gives the order and tells what came of it. */
export function useSteering(onDone: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ action, body }: Asked) => post<Changes>(`/api/tasks/${action}`, body),
    onSuccess: (changes, { action }) => {
      toast({ tone: changes.count > 0 ? "good" : "info", title: `${plural(changes.count, "task")} ${DONE[action]}`, ...restOf(changes) });
      onDone();
    },
    onError: (error, { action }) => { toastProblem(action === "cancel" ? "Nothing was cancelled" : "Nothing runs again", error); },
    onSettled: () => cache.invalidateQueries({ queryKey: ["tasks"] }),
  });
}

/** Why some are as they were: `3: it is complete`. */
export function reasonsOf({ reasons }: Changes): string[] {
  return Object.entries(reasons).map(([reason, tasks]) => `${count(tasks)}: ${reason}`);
}

function restOf(changes: Changes): { detail?: string } {
  const parts = [...(changes.unchanged > 0 ? [`unchanged ${reasonsOf(changes).join("; ")}`] : []), ...(changes.more ? ["more tasks match"] : [])];
  return parts.length > 0 ? { detail: parts.join("; ") } : {};
}
