import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get, withQuery } from "../api/client";
import type { Database, History, Task, TaskPage } from "../api/types";

/** Seconds that the charts look back, and what a person calls that. */
export const WINDOWS = [
  { value: "60", text: "1 min" },
  { value: "900", text: "15 min" },
  { value: "86400", text: "24 h" },
] as const;

export type Window = (typeof WINDOWS)[number]["value"];

const REFRESH_MS: Record<Window, number> = { "60": 2_000, "900": 6_000, "86400": 60_000 };

/** The figures of the window, asked again as often as it gets a new point. */
export function useHistory(window: Window) {
  return useQuery({
    queryKey: ["history", window],
    queryFn: ({ signal }) => get<History>(withQuery("/api/history", { window }), signal),
    refetchInterval: REFRESH_MS[window],
    placeholderData: keepPreviousData,
  });
}

export function useDatabase() {
  return useQuery({
    queryKey: ["database"],
    queryFn: ({ signal }) => get<Database>("/api/database", signal),
    refetchInterval: 10_000,
  });
}

/** The ready task that was due first; null when none waits. */
export function useOldestWaiting() {
  return useQuery({
    queryKey: ["oldest waiting"],
    queryFn: async ({ signal }): Promise<Task | null> => {
      const page = await get<TaskPage>(withQuery("/api/tasks", { status: "ready", limit: 1 }), signal);
      return page.tasks[0] ?? null;
    },
    refetchInterval: 5_000,
  });
}
