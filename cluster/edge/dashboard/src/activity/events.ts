/** How each event looks, and which of the few kinds it belongs to. */
import type { IconName } from "../parts/Icon";
import type { Tone } from "../parts/states";

export interface EventLook {
  icon: IconName;
  tone: Tone;
}

const LOOKS: Record<string, EventLook> = {
  task_scheduled: { icon: "calendar", tone: "pending" },
  task_assigned: { icon: "arrow", tone: "pending" },
  task_started: { icon: "play", tone: "running" },
  task_progress: { icon: "play", tone: "running" },
  task_completed: { icon: "check", tone: "completed" },
  task_failed: { icon: "cross", tone: "failed" },
  task_cancelled: { icon: "ban", tone: "cancelled" },
  task_retried: { icon: "refresh", tone: "pending" },
  task_released: { icon: "refresh", tone: "pending" },
  task_rescued: { icon: "shield", tone: "parked" },
  task_parked: { icon: "parked", tone: "parked" },
  task_isolated: { icon: "shield", tone: "parked" },
  task_quarantined: { icon: "shield", tone: "quarantined" },
  task_stale: { icon: "ban", tone: "cancelled" },
  tasks_summary: { icon: "tasks", tone: "scheduled" },
  worker_online: { icon: "workers", tone: "completed" },
  worker_draining: { icon: "drain", tone: "pending" },
  worker_blocked: { icon: "warning", tone: "parked" },
  worker_offline: { icon: "workers", tone: "failed" },
  leader_elected: { icon: "info", tone: "scheduled" },
  worker_killed: { icon: "cross", tone: "failed" },
  workers_scaled: { icon: "workers", tone: "scheduled" },
  events_missed: { icon: "warning", tone: "pending" },
  queue_paused: { icon: "pause", tone: "parked" },
  queue_resumed: { icon: "play", tone: "completed" },
};

const UNKNOWN: EventLook = { icon: "info", tone: "cancelled" };

export function eventLook(name: string): EventLook {
  return LOOKS[name] ?? UNKNOWN;
}
