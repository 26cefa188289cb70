import { useState } from "react";
import { useReadOnly, useWorkers } from "../api/queries";
import type { Worker } from "../api/types";
import { Empty, Failure, Loading } from "../parts/Feedback";
import { count, plural } from "../parts/formats";
import { Page } from "../parts/Page";
import { EndDialog } from "./EndDialog";
import type { Ending } from "./ending";
import { LostTasks } from "./LostTasks";
import { Scale } from "./Scale";
import { useHeir } from "./useHeir";
import { useLost } from "./useLost";
import { WorkerCard } from "./WorkerCard";
import styles from "./WorkersPage.module.css";

const LEAD = "Processes that run the tasks. Each has slots, and a slot has room for one task.";

export function WorkersPage() {
  const { data: workers, error, refetch } = useWorkers();
  const readOnly = useReadOnly();
  const [ending, setEnding] = useState<Ending | null>(null);
  const [losses, forget] = useLost(workers);
  const { list, rest, onGone } = useHeir(workers, ending);
  return (
    <Page title="Workers" lead={LEAD}>
      <div className={styles.bar}>
        <p ref={rest} tabIndex={-1} className={styles.summary}>{workers ? summary(workers) : " "}</p>
        <Scale online={workers?.length ?? 0} readOnly={readOnly} />
      </div>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {losses.map((lost) => (
        <LostTasks key={lost.worker.worker_id} lost={lost} onClose={() => { forget(lost); rest.current?.focus(); }} />
      ))}
      {!workers && !error && <Loading lines={6} />}
      {workers?.length === 0 && (
        <Empty icon="workers" title="No worker is alive">
          Tasks wait until there is one. Scale up above, or start one by hand with <code>taskmaster worker</code>.
        </Empty>
      )}
      <div ref={list} className={styles.workers}>
        {workers?.map((worker) => (
          <WorkerCard key={worker.worker_id} worker={worker} readOnly={readOnly} onEnd={setEnding} onGone={onGone} />
        ))}
      </div>
      <EndDialog ending={ending} onClose={() => { setEnding(null); }} />
    </Page>
  );
}

function summary(workers: readonly Worker[]): string {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = workers.reduce((sum, worker) => sum + Math.min(worker.running, worker.slots), 0);
  const draining = workers.filter((worker) => worker.status === "draining").length;
  const told = draining > 0 ? `, ${draining} draining` : "";
  return `${plural(workers.length - draining, "worker")} online${told}, ${count(busy)} of ${plural(slots, "slot")} busy.`;
}
