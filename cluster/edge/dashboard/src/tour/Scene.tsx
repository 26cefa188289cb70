import { Card } from "../parts/Card";
import { plural } from "../parts/formats";
import { lookOf } from "../parts/states";
import { type Facts, tally } from "./facts";
import styles from "./Scene.module.css";

/** The cluster at a glance: a cell per task of the tour, and the slots of each worker. */
export function Scene({ facts: { tasks, workers } }: { facts: Facts }) {
  const { waiting, running, completed, unsuccessful } = tally(tasks);
  const told = [`${waiting} waiting`, `${running} running`, `${completed} completed`, ...(unsuccessful ? [`${unsuccessful} failed`] : [])];
  return (
    <div className={styles.scene} data-begun={tasks.length > 0 || undefined}>
      <Card title={tasks.length ? plural(tasks.length, "task") : "Tasks"}>
        <p className={styles.told}>{tasks.length ? `${told.join(", ")}.` : "A cell for each task appears here."}</p>
        <div className={styles.cells} aria-hidden="true">
          {tasks.map((task) => <i key={task.id} className={styles.cell} data-tone={lookOf(task.state).tone} />)}
        </div>
      </Card>
      <Card title={workers.length ? plural(workers.length, "worker") : "Workers"}>
        <ul className={styles.workers}>
          {workers.map(({ worker_id: id, name, status, slots, running: held }) => (
            <li key={id} className={styles.worker}>
              <span className={styles.name}>{name}</span>
              <span className={styles.slots} aria-hidden="true">
                {Array.from({ length: slots }, (_, slot) => <i key={slot} className={styles.cell} data-tone={slot < held ? "running" : undefined} />)}
              </span>
              <span className={styles.note}>{status === "draining" ? "draining, " : ""}{Math.min(held, slots)} of {slots}</span>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}
