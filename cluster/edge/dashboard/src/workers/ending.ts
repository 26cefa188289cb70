/** The two ways to end a worker, and what a person is told before and after. */
import { post } from "../api/client";
import type { Worker } from "../api/types";
import { plural } from "../parts/formats";

export interface Ending {
  way: "kill" | "drain";
  worker: Worker;
}

interface Words {
  question: string;
  verb: string;
  /** What will happen, a sentence each. */
  consequences: string[];
  ordered: string;
  refused: string;
}

export function wordsOf({ way, worker: { name, running } }: Ending): Words {
  return way === "kill" ? killing(name, running) : draining(name, running);
}

/** Orders it. The supervisor does it within a second or so. */
export function end({ way, worker }: Ending): Promise<unknown> {
  return post(`/api/workers/${way}`, { name: worker.name });
}

function killing(name: string, running: number): Words {
  const tasks = running === 0
    ? "It holds no task, so nothing has to be run again."
    : `The ${plural(running, "task")} it holds ${running === 1 ? "is" : "are"} rescued and run again, on other workers, from the beginning.`;
  return {
    question: `Kill ${name}?`,
    verb: `Kill ${name}`,
    consequences: [
      "Its process ends at once, as by SIGKILL, without a chance to clean up.",
      tasks,
      "The supervisor starts a new worker in its place.",
    ],
    ordered: `${name} is being killed`,
    refused: `${name} was not killed`,
  };
}

function draining(name: string, running: number): Words {
  const tasks = running === 0
    ? "It holds no task, so it ends right away."
    : `It finishes what it runs of the ${plural(running, "task")} it holds, hands back what it has not begun, and ends.`;
  return {
    question: `Drain ${name}?`,
    verb: `Drain ${name}`,
    consequences: ["It takes no more tasks from now on.", tasks, "Another worker takes its place."],
    ordered: `${name} drains`,
    refused: `${name} does not drain`,
  };
}
