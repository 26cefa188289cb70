import type { Query, QueryClient } from "@tanstack/react-query";
import type { Event } from "../api/types";
import type { Live, Phase } from "./live";
import { Throttle } from "./throttle";

const CALM_MS = 1_000;
const BUSY_MS = 2_000;
const BUSY_EVENTS = 100;

const TASK_TOPICS = ["stats", "workers", "tasks", "task"] as const;
const WORKER_TOPICS = ["stats", "workers", "commands", "cluster"] as const;
/** The first words of query keys. */
export type Topic = (typeof TASK_TOPICS)[number] | (typeof WORKER_TOPICS)[number];

/** What a batch of events makes out of date: the topics, and which single tasks (null: any of them). */
export interface Touched {
  topics: ReadonlySet<Topic>;
  taskIds: ReadonlySet<string> | null;
}

export function touchedBy(events: readonly Event[]): Touched {
  const taskIds = new Set<string>();
  let tasks = false;
  let workers = false;
  let any = false;
  for (const { event, task_id: taskId } of events) {
    const ofTasks = event.startsWith("task");
    if (ofTasks) tasks = true;
    else workers = true;
    if (taskId) taskIds.add(taskId);
    else if (ofTasks) any = true;
  }
  const topics = new Set<Topic>([...(tasks ? TASK_TOPICS : []), ...(workers ? WORKER_TOPICS : [])]);
  return { topics, taskIds: any ? null : taskIds };
}

/**
 * Marks what events touched as out of date, so that what is on the screen is asked again: once a second per topic at
 * most, every two while much happens, never per event. State: what was touched since the last time.
 */
export class Refresher {
  private readonly cache: QueryClient;
  private readonly throttle: Throttle;
  private readonly topics = new Set<string>();
  private taskIds: Set<string> | null = new Set();
  private busy = false;
  private phase: Phase = "connecting";

  constructor(cache: QueryClient) {
    this.cache = cache;
    this.throttle = new Throttle(() => { this.refresh(); }, () => (this.busy ? BUSY_MS : CALM_MS));
  }

  /** Follows `live` until the returned function is called. */
  watch(live: Live): () => void {
    const ends = [
      live.onBatch((events) => { this.touch(events); }),
      live.subscribe(() => { this.onPhase(live.connection.phase); }),
    ];
    return () => { for (const end of ends) end(); };
  }

  stop(): void {
    this.throttle.stop();
  }

  private touch(events: readonly Event[]): void {
    const touched = touchedBy(events);
    for (const topic of touched.topics) this.topics.add(topic);
    if (touched.taskIds === null) this.taskIds = null;
    else for (const id of touched.taskIds) this.taskIds?.add(id);
    this.busy = events.length > BUSY_EVENTS || events.some((event) => event.event === "tasks_summary");
    if (this.topics.size > 0) this.throttle.ask();
  }

  /** After a stream was lost, nobody knows what is still true. */
  private onPhase(phase: Phase): void {
    const recovered = phase === "live" && this.phase === "lost";
    this.phase = phase;
    if (recovered) void this.cache.invalidateQueries();
  }

  private refresh(): void {
    const filter = { predicate: matching(new Set(this.topics), this.taskIds) };
    // An answer that is on its way may be older than the event: it is let come, and asked for again.
    const underWay = this.cache.isFetching(filter) > 0;
    void this.cache.invalidateQueries(filter, { cancelRefetch: false });
    if (underWay) {
      this.throttle.ask();
      return;
    }
    this.topics.clear();
    this.taskIds = new Set();
  }
}

function matching(topics: ReadonlySet<string>, taskIds: ReadonlySet<string> | null) {
  return ({ queryKey: [topic, id] }: Query): boolean => {
    if (typeof topic !== "string" || !topics.has(topic)) return false;
    return topic !== "task" || taskIds === null || (typeof id === "string" && taskIds.has(id));
  };
}
