import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import type { Task, Why as Answer } from "../api/types";
import { Failure, Loading } from "../parts/Feedback";
import { ago, dateTime } from "../parts/formats";
import { Icon } from "../parts/Icon";
import { useNow } from "../parts/now";
import { lookOf } from "../parts/states";
import { gistOf } from "../tasks/TaskName";
import styles from "./Task.module.css";

/** How many are before it changes without a word about this task, so it is asked again. */
const AGAIN_MS = 3_000;

/** One plain answer to "Why is it not running?"; nothing for what runs or completed. */
export function Why({ task }: { task: Task }) {
  const waits = task.status === "QUEUED";
  const ended = task.status === "FAILED" || task.status === "CANCELLED";
  const { data, error, refetch } = useQuery({
    // The state is part of the question: an answer about another one would be wrong.
    queryKey: ["task", task.id, "why", task.state],
    queryFn: ({ signal }) => get<Answer>(`/api/tasks/${task.id}/why`, signal),
    enabled: waits || ended,
    refetchInterval: waits ? AGAIN_MS : false,
  });
  if (!waits && !ended) return null;
  const look = lookOf(task.state);
  return (
    <section className={styles.why} data-tone={look.tone} aria-labelledby="why">
      <span className={styles.whyIcon}><Icon name={look.icon} size={20} /></span>
      <div>
        <h2 id="why">{waits ? "Why is it not running?" : "Why did it not complete?"}</h2>
        {data === undefined && error === null && <Loading lines={1} label="Asking why" />}
        {data === undefined && error !== null && <Failure error={error} onRetry={() => void refetch()} />}
        {data && <p className={styles.summary}>{data.summary}</p>}
        {data?.until != null && <Until at={data.until} />}
        {ended && task.error && <p className={styles.gist}>{gistOf(task.error)}</p>}
        {data?.advice && (waits || task.state === "quarantined") && <p>{data.advice}</p>}
      </div>
    </section>
  );
}

function Until({ at }: { at: string }) {
  const now = useNow();
  return <p><time dateTime={at} title={dateTime(at)}>{dateTime(at)}</time>, {ago(at, now)}</p>;
}
