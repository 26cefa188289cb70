import type { Worker } from "../api/types";

/** A worker as the API tells it. */
export function worker(change: Partial<Worker> = {}): Worker {
  return {
    worker_id: "worker-1-aa", name: "worker-1", address: "127.0.0.1:4000", status: "online", slots: 5, running: 0,
    current_task_ids: [], tasks: [], tasks_completed: 0, tasks_failed: 0, rate: 0,
    started_at: "2026-11-22T12:00:00Z", last_heartbeat: "2026-11-22T12:00:00Z", commands: ["demo-job"],
    coordinator: "c", rss_bytes: 60_000_000, loop_lag_seconds: 0, ...change,
  };
}
