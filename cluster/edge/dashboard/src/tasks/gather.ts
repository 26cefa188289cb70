import { get, withQuery } from "../api/client";
import type { Task, TaskPage } from "../api/types";
import { type Place, queryOf } from "./filter";

/** `at`: when it was asked for, milliseconds since the epoch. `deep`: it took more looks than may be repeated all the time. */
export interface Gathered extends TaskPage {
  readonly at: number;
  readonly deep: boolean;
}

/** Answers asked for one page of the table that is kept up to date. */
const LOOKS = 8;
/** Milliseconds that a page is looked for which is not. */
const PATIENCE = 2_000;

/**
 * A page of the table. An answer may hold fewer tasks than were asked for and still not be the last one: what is rare
 * is looked for a bounded way at a time. So we ask on until the page is full, and not for ever.
 */
export async function gather(place: Place, signal: AbortSignal): Promise<Gathered> {
  const tasks: Task[] = [];
  const at = Date.now();
  let cursor: string | null = place.cursor;
  let looks = 0;
  for (; cursor !== null && tasks.length < place.size && (looks < LOOKS || Date.now() - at < PATIENCE); looks += 1) {
    const query = queryOf({ ...place, cursor, size: place.size - tasks.length }, at);
    const page: TaskPage = await get<TaskPage>(withQuery("/api/tasks", query), signal);
    tasks.push(...page.tasks);
    cursor = page.next_cursor;
  }
  return { tasks, next_cursor: cursor, at, deep: looks > LOOKS };
}
