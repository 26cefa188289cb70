/** Workers that are gone, and what they held: told from two lists of workers, whoever ended them. */
import type { Worker } from "../api/types";

/** Tasks of one worker that are followed to where they went. */
export interface Lost {
  worker: Pick<Worker, "worker_id" | "name">;
  taskIds: readonly string[];
}

/** Losses that are remembered; the oldest is forgotten first. */
const MOST = 3;

/** `losses` and the workers of `before` that are not in `after` though they held tasks. */
export function withLost(losses: readonly Lost[], before: readonly Worker[], after: readonly Worker[]): readonly Lost[] {
  const alive = new Set(after.map((worker) => worker.worker_id));
  const gone = before.filter((worker) => !alive.has(worker.worker_id) && worker.current_task_ids.length > 0);
  if (gone.length === 0) return losses;
  const added = gone.map((worker) => ({ worker, taskIds: worker.current_task_ids }));
  return [...losses, ...added].slice(-MOST);
}
