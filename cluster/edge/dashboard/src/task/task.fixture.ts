import type { Attempt, Task } from "../api/types";

/** An instant of the day all tests are about: `at(1.5)` is one and a half seconds after it began. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2030, 0, 31) + seconds * 1000).toISOString();
}

/** A task that was enqueued at 0 and is ready, but for `facts`. */
export function task(facts: Partial<Task> = {}): Task {
  const id = facts.id ?? "0192f0a0-0000-7000-8000-000000000001";
  return {
    id,
    task_id: id,
    command: "demo-job",
    status: "QUEUED",
    state: "ready",
    queue: "default",
    priority: 0,
    payload: {},
    scheduled_at: at(0),
    created_at: at(0),
    picked_at: null,
    started_at: null,
    completed_at: null,
    failed_at: null,
    cancelled_at: null,
    worker_id: null,
    waited_seconds: null,
    ran_seconds: null,
    attempt: 0,
    max_attempts: null,
    timeout_seconds: null,
    crash_count: 0,
    unique_key: null,
    progress: null,
    progress_message: null,
    error: null,
    result: null,
    attempts: null,
    ...facts,
  };
}

export function attempt(seconds: number, outcome: string, facts: Partial<Attempt> = {}): Attempt {
  return { at: at(seconds), outcome, attempt: null, worker_id: null, token: null, error: null, ...facts };
}
