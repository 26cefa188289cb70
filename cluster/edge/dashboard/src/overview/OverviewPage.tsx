import { Link } from "wouter";
import { useStats } from "../api/queries";
import { Failure } from "../parts/Feedback";
import { Page } from "../parts/Page";
import { Charts } from "./Charts";
import { Figures } from "./Figures";
import { Health } from "./Health";
import styles from "./OverviewPage.module.css";
import { Recent } from "./Recent";

export function OverviewPage() {
  const { data: stats, error, refetch } = useStats();
  return (
    <Page title="Overview">
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {stats?.total === 0 && <Welcome />}
      <Figures />
      <Charts />
      <div className={styles.pair}>
        <Health />
        <Recent />
      </div>
    </Page>
  );
}

function Welcome() {
  return (
    <p className={styles.welcome}>
      Nothing has been posted yet. <Link href="/tour">Take the five-minute tour</Link> or{" "}
      <Link href="/create">create a task</Link>.
    </p>
  );
}
