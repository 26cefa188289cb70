import { replaceEqualDeep } from "@tanstack/react-query";
import type { Gathered } from "./gather";

/**
 * `after` with the rows of `before` that still say the same, wherever they stand by now: new tasks push the others
 * down, and what only moved should neither be compared with a stranger nor be another object. The same page stays the
 * same object: while the answer for another place is awaited, each rendering asks for it, and another one would be news
 * that is rendered again, for ever.
 */
export function keeping(before: Gathered | undefined, after: Gathered): Gathered {
  if (before === undefined || before === after) return after;
  const known = new Map(before.tasks.map((task) => [task.id, task]));
  return { ...after, tasks: after.tasks.map((task) => replaceEqualDeep(known.get(task.id), task)) };
}
