import { Link } from "wouter";
import type { CurrentTask, Worker } from "../api/types";
import { duration, plural, shortId } from "../parts/formats";
import { useNow } from "../parts/now";
import styles from "./Slots.module.css";

/** Up to so many slots have room for a name; more are squares. */
const NAMED = 10;
/** Cells that are drawn; a worker with more slots than this is told in numbers. */
const DRAWN = 100;

/** A cell per slot, filled by the task that runs in it. */
export function Slots({ worker }: { worker: Worker }) {
  const cells = Array.from({ length: Math.min(worker.slots, DRAWN) }, (_, slot) => worker.tasks[slot] ?? null);
  const waiting = worker.running - worker.slots;
  return (
    <div>
      <ul className={styles.slots} data-size={worker.slots <= NAMED ? "named" : "small"} aria-label={`Slots of ${worker.name}`}>
        {cells.map((task, slot) => (
          // A slot has no identity but its place.
          <li key={slot} className={styles.slot} data-state={task?.state}>
            {task ? <Running task={task} named={worker.slots <= NAMED} /> : <span className={styles.free}>free</span>}
          </li>
        ))}
      </ul>
      <p className={styles.told}>
        {Math.min(worker.running, worker.slots)} of {plural(worker.slots, "slot")} busy
        {waiting > 0 && `, ${plural(waiting, "task")} at hand`}
      </p>
    </div>
  );
}

function Running({ task, named }: { task: CurrentTask; named: boolean }) {
  const now = useNow();
  const age = task.started_at === null ? "" : ageOf(now - Date.parse(task.started_at));
  const told = `${task.command} ${shortId(task.task_id)}${age && `, for ${age}`}`;
  return (
    <Link href={`/tasks/${task.task_id}`} className={styles.task} title={told} aria-label={told}>
      {named && (
        <>
          <span className={styles.command}>{task.command}</span>
          <span className={styles.age}>{age}</span>
        </>
      )}
    </Link>
  );
}

/** In whole seconds, for it is told once a second. */
function ageOf(milliseconds: number): string {
  return milliseconds < 1_000 ? "0 s" : duration(Math.floor(milliseconds / 1_000) * 1_000);
}
