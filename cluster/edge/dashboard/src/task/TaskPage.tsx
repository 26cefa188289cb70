import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { get } from "../api/client";
import { asProblem } from "../api/problem";
import type { Task } from "../api/types";
import { Card } from "../parts/Card";
import { Empty, Failure, Loading } from "../parts/Feedback";
import { Page } from "../parts/Page";
import { Attempts } from "./Attempts";
import { Facts } from "./Facts";
import { JsonView } from "./JsonView";
import { Lead } from "./Lead";
import styles from "./Task.module.css";
import { TaskActions } from "./TaskActions";
import { Timeline } from "./Timeline";
import { Why } from "./Why";

/** `/tasks/:id`: one task, from its first moment to now. */
export function TaskPage({ id }: { id: string }) {
  const { data: task, error, refetch } = useQuery({
    queryKey: ["task", id],
    queryFn: ({ signal }) => get<Task>(`/api/tasks/${encodeURIComponent(id)}`, signal),
  });
  if (task === undefined) {
    return (
      <Page title="Task" lead={<code>{id}</code>}>
        {error === null ? <Card title="Timeline"><Loading lines={6} label="Loading the task" /></Card> : <NoTask error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  return (
    <Page title={task.command} lead={<Lead task={task} />} actions={<TaskActions task={task} />}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Why task={task} />
          <Card title="Timeline"><Timeline task={task} /></Card>
          <Card title="Attempts"><Attempts task={task} /></Card>
        </div>
        <div className={styles.column}>
          <Card title="Facts"><Facts task={task} /></Card>
          <JsonView title="Payload" value={task.payload} />
          {task.status === "COMPLETE" && <JsonView title="Result" value={task.result} />}
        </div>
      </div>
    </Page>
  );
}

function NoTask({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { status, detail } = asProblem(error);
  if (status !== 404 && status !== 422) return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty icon="search" title="There is no such task">
      <p>{detail}</p>
      <Link href="/tasks">All tasks</Link>
    </Empty>
  );
}
