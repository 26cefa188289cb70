/** The steps of the tour: what each says, and when what it promises has been seen. Pure. */
import { plural } from "../parts/formats";
import { afterKill, type Facts, isOnline, mostAtOnce, openSlots, ranAgain, tally } from "./facts";
import type { Memory } from "./memory";

export type StepId = "post" | "watch" | "down" | "up" | "kill" | "whole";

export interface Seen {
  /** Whether it has happened. */
  done: boolean;
  /** What is so now, as a sentence. */
  told: string;
}

export interface Step {
  id: StepId;
  title: string;
  /** What is going to happen, and why that is remarkable. */
  text: string;
  /** The button. */
  action: string;
  lookAt: (memory: Memory) => { href: string; text: string; what: string };
  seen: (facts: Facts, memory: Memory) => Seen;
}

export const TASKS = 50;
export const FEW = 1;
export const MANY = 5;

export const STEPS: readonly [Step, ...Step[]] = [
  {
    id: "post",
    title: `Post ${TASKS} tasks`,
    text: "One request, one transaction: either all of them are kept or none. The answer comes after PostgreSQL has committed.",
    action: `Post ${TASKS} tasks`,
    lookAt: () => ({ href: "/tasks", text: "Tasks", what: "each is a row of the live table" }),
    seen: ({ tasks }, { taskIds }) => ({
      done: tasks.length > 0 && tasks.length === taskIds.length,
      told: `${tasks.length} of ${plural(taskIds.length, "task")} are in PostgreSQL.`,
    }),
  },
  {
    id: "watch",
    title: "Watch them run at once",
    text: "A worker has slots, and each slot runs one task. What finds no free slot waits its turn.",
    action: "Watch",
    lookAt: () => ({ href: "/workers", text: "Workers", what: "each slot is a cell that fills and empties" }),
    seen: concurrency,
  },
  {
    id: "down",
    title: "Scale down to 1 worker",
    text: "The others take no more tasks, finish what they run, and leave. Nothing is interrupted; the rest just takes longer.",
    action: "Scale to 1",
    lookAt: () => ({ href: "/workers", text: "Workers", what: "the others drain, until one is left" }),
    seen: (facts) => scaled(facts, FEW),
  },
  {
    id: "up",
    title: "Scale up to 5 workers",
    text: "New workers register themselves and get work with their first heartbeat. Nobody has to tell the others.",
    action: "Scale to 5",
    lookAt: () => ({ href: "/", text: "Overview", what: "the throughput climbs" }),
    seen: (facts) => scaled(facts, MANY),
  },
  {
    id: "kill",
    title: "Kill a worker",
    text: "As by SIGKILL, with tasks in its hands. Its leases end with its session, and the tasks run again elsewhere.",
    action: "Kill the busiest worker",
    lookAt: () => ({ href: "/activity", text: "Activity", what: "worker_killed, and its tasks assigned anew" }),
    seen: rescued,
  },
  {
    id: "whole",
    title: "Nothing is lost",
    text: "Every task that was acknowledged gets exactly one outcome that counts, whoever died on the way.",
    action: "Count them",
    lookAt: survivor,
    seen: whole,
  },
];

function concurrency({ tasks, workers }: Facts): Seen {
  const most = mostAtOnce(tasks);
  const slots = openSlots(workers);
  const { running, waiting, completed } = tally(tasks);
  const full = most >= Math.min(slots, tasks.length) && most > 0;
  const told = full
    ? `Up to ${plural(most, "task")} ran at once, for there are ${plural(slots, "slot")}.`
    : `${running} run, ${waiting} wait, ${completed} are completed.`;
  return { done: full || (tasks.length > 0 && completed === tasks.length), told };
}

function scaled({ workers }: Facts, wanted: number): Seen {
  const online = workers.filter(isOnline).length;
  const leaving = workers.length - online;
  const told = [`${plural(online, "worker is", "workers are")} online`];
  if (leaving > 0) told.push(plural(leaving, "finishes what it runs", "finish what they run"));
  return { done: online === wanted && leaving === 0, told: `${told.join(", ")}: ${plural(openSlots(workers), "slot")} in all.` };
}

function rescued({ tasks }: Facts, { killed }: Memory): Seen {
  if (killed === null) return { done: false, told: "Looking for a worker that is busy." };
  const { again, done, of } = afterKill(tasks, killed.taskIds, killed.workerId);
  const held = `${killed.name} died with ${plural(of, "task")} in its hands`;
  if (again + done < of) return { done: false, told: `${held}; ${again + done} of them found another worker so far.` };
  return { done: true, told: `${held}. All of them run again elsewhere or are completed.` };
}

function whole({ tasks }: Facts, { taskIds, killed }: Memory): Seen {
  const posted = taskIds.length;
  const { completed, unsuccessful } = tally(tasks.filter((task) => taskIds.includes(task.id)));
  const twice = killed === null ? 0 : ranAgain(tasks, killed.taskIds, killed.workerId).length;
  if (completed + unsuccessful < posted) return { done: false, told: `${completed} of ${posted} are completed so far.` };
  const again = twice > 0 ? ` ${plural(twice, "was", "were")} begun a second time, after the kill.` : "";
  return { done: true, told: `${posted} posted, ${completed} completed, ${posted - completed} lost.${again}` };
}

/** A task that was in the killed worker's hands. */
function survivor({ killed }: Memory) {
  const [taskId] = killed?.taskIds ?? [];
  if (taskId === undefined) return { href: "/tasks?status=COMPLETE", text: "Tasks", what: "they are all there" };
  return { href: `/tasks/${taskId}`, text: "a task that outlived its worker", what: "with both of its attempts" };
}
