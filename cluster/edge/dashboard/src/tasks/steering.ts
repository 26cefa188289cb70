import { type Filter, isFiltered, selectionOf } from "./filter";
import type { Selection } from "./selection";

export type Action = "cancel" | "retry";
type Body = Readonly<Record<string, unknown>>;
/** What to ask of POST /api/tasks/cancel or /retry, or why that cannot be asked. */
export type Order = { readonly body: Body } | { readonly refused: string };

export const UNFINISHED = ["QUEUED", "STARTED", "scheduled", "ready", "leased", "running", "parked", "isolated", "paused"];
export const UNSUCCESSFUL = ["FAILED", "CANCELLED", "failed", "cancelled", "dead", "quarantined"];
const FITTING = { cancel: UNFINISHED, retry: UNSUCCESSFUL };
const ONLY = {
  cancel: "Only tasks that have not finished can be cancelled; this filter finds none.",
  retry: "Only tasks that failed or were cancelled can run again; this filter finds none.",
};
const BY_ID = "A filter by id finds a few tasks: select them.";
const UNFILTERED = "Set a filter first: every task there is, is never meant.";

/** The order for what is selected. `now`: milliseconds since the epoch, for filters that count from it. */
export function orderOf(action: Action, { ids, all }: Selection, filter: Filter, now: number): Order {
  if (!all) return { body: { task_ids: [...ids] } };
  if (filter.id !== "") return { refused: BY_ID };
  if (!isFiltered(filter)) return { refused: UNFILTERED };
  if (filter.status !== "" && !FITTING[action].includes(filter.status)) return { refused: ONLY[action] };
  return { body: selectionOf(filter, now) };
}
