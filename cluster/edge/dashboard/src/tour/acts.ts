/** What the buttons of the tour do, through the same API as everybody. */
import { get, post } from "../api/client";
import type { Batch, Task, Worker } from "../api/types";
import { tally } from "./facts";
import type { Memory } from "./memory";
import { FEW, MANY, type StepId, TASKS } from "./steps";

const COMMAND = "demo-job";
/** Fewer unfinished tasks than this would be over before there is something to see. */
const ENOUGH = 40;
const TRIES = 40;
const TRY_MS = 250;

type Act = (memory: Memory) => Promise<Partial<Memory>>;

/** Each resolves to what the tour has to remember of it, or throws a `Problem`. */
export const ACTS: Record<StepId, Act> = {
  post: async (memory) => ({ ...(await posted(memory)), workersBefore: (await workers()).length }),
  watch: () => Promise.resolve({}),
  down: (memory) => scale(memory, FEW),
  up: (memory) => scale(memory, MANY),
  kill,
  whole: () => Promise.resolve({}),
};

/** The tasks, as they are now. */
export async function look(taskIds: readonly string[]): Promise<Task[]> {
  if (taskIds.length === 0) return [];
  return (await post<{ tasks: Task[] }>("/api/status/batch", { task_ids: taskIds })).tasks;
}

/** Puts the number of workers back to what it was. */
export async function putBack(count: number): Promise<void> {
  await post("/api/workers/scale", { count });
}

async function scale(memory: Memory, count: number): Promise<Partial<Memory>> {
  const more = await enough(memory);
  await post("/api/workers/scale", { count });
  return more;
}

async function kill(memory: Memory): Promise<Partial<Memory>> {
  const more = await enough(memory);
  const victim = await busiest();
  await post("/api/workers/kill", { name: victim.worker_id });
  return { ...more, killed: { workerId: victim.worker_id, name: victim.name, taskIds: victim.current_task_ids } };
}

/** Waits for a worker that runs something; at last takes any. */
async function busiest(): Promise<Worker> {
  for (let tries = 1; ; tries += 1) {
    const [busy] = (await workers()).toSorted((one, other) => other.running - one.running);
    if (busy && (busy.running >= busy.slots || tries >= TRIES)) return busy;
    if (tries >= TRIES) throw new Error("No worker is alive, so none can be killed. Scale up on the Workers page first.");
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
}

/** Posts more when the tour's tasks are nearly all done. */
async function enough(memory: Memory): Promise<Partial<Memory>> {
  const { waiting, running } = tally(await look(memory.taskIds));
  return waiting + running < ENOUGH ? posted(memory) : {};
}

async function posted(memory: Memory): Promise<Pick<Memory, "taskIds">> {
  const batch = await post<Batch>("/api/schedule/batch", { command: COMMAND, count: TASKS });
  return { taskIds: [...memory.taskIds, ...batch.task_ids] };
}

function workers(): Promise<Worker[]> {
  return get<Worker[]>("/api/workers");
}
