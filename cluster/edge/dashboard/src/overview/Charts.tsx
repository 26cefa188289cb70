import { useState } from "react";
import type { History } from "../api/types";
import { Card } from "../parts/Card";
import { Failure, Loading } from "../parts/Feedback";
import { duration, rate, shortCount } from "../parts/formats";
import { Segments } from "../parts/Segments";
import { Chart } from "./Chart";
import type { Line } from "./plot";
import styles from "./Charts.module.css";
import { useHistory, type Window, WINDOWS } from "./queries";

const THROUGHPUT: readonly Line[] = [
  { label: "completed", color: "--completed-solid", filled: true },
  { label: "failed", color: "--failed-solid" },
  { label: "posted", color: "--line-strong", dashed: true },
];
const LATENCY: readonly Line[] = [
  { label: "p50", color: "--running-solid", joined: true },
  { label: "p95", color: "--scheduled-solid", joined: true },
];
const BACKLOG: readonly Line[] = [
  { label: "pending", color: "--pending-solid", filled: true },
  { label: "running", color: "--running-solid" },
];

const TITLES: Record<Window, string> = { "60": "The last minute", "900": "The last 15 minutes", "86400": "The last 24 hours" };

/** How fast tasks are finished, how long they waited, how many there were. */
export function Charts() {
  const [window, setWindow] = useState<Window>("60");
  const { data: history, error, isPlaceholderData, refetch } = useHistory(window);
  return (
    <Card
      title={TITLES[window]}
      actions={<Segments label="How far back" value={window} options={WINDOWS} onChange={setWindow} />}
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!history && !error && <div className={styles.waiting}><Loading lines={6} /></div>}
      {history && <div className={styles.charts} data-old={isPlaceholderData || undefined}><Three history={history} /></div>}
    </Card>
  );
}

function Three({ history }: { history: History }) {
  const { at, completed, failed, enqueued, latency_p50: p50, latency_p95: p95, pending, running } = history;
  return (
    <>
      <Chart
        title="Throughput, tasks per second" lines={THROUGHPUT} data={[at, completed, failed, enqueued]} format={rate}
        summary={`Tasks per second: ${last(completed, rate)} completed now, at most ${most(completed, rate)} in this window.`}
      />
      <Chart
        title="Waiting time, from due to begun" lines={LATENCY} data={[at, p50, p95]} format={duration}
        summary={`Waiting time: half of the tasks wait less than ${last(p50, duration)} now, 95 percent less than ${last(p95, duration)}.`}
      />
      <Chart
        title="Tasks on hand" lines={BACKLOG} data={[at, pending, running]} format={shortCount}
        summary={`Tasks on hand: ${last(pending, shortCount)} pending and ${last(running, shortCount)} running now, at most ${most(pending, shortCount)} pending in this window.`}
      />
    </>
  );
}

type Column = readonly (number | null)[];

function last(column: Column, format: (value: number) => string): string {
  const value = column.findLast((one) => one !== null);
  return value == null ? "nothing" : format(value);
}

function most(column: Column, format: (value: number) => string): string {
  return format(Math.max(0, ...column.map((value) => value ?? 0)));
}
