import type { ReactNode } from "react";
import { useStats } from "../api/queries";
import type { Database, Finding } from "../api/types";
import { Card } from "../parts/Card";
import { Failure, Loading } from "../parts/Feedback";
import { bytes, count, duration } from "../parts/formats";
import { Icon } from "../parts/Icon";
import { useNow } from "../parts/now";
import styles from "./Health.module.css";
import { findingsOf } from "./findings";
import { useDatabase } from "./queries";

/** What is wrong and what to do, or that nothing is; below it how PostgreSQL is doing. */
export function Health() {
  const { data: stats } = useStats();
  const { data: database, error, refetch } = useDatabase();
  const findings = findingsOf(stats, database, useNow());
  return (
    <Card title="Health">
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!database && !error && <Loading lines={4} />}
      {findings.length > 0 && (
        <ul className={styles.findings}>{findings.map((finding) => <Told key={finding.text} finding={finding} />)}</ul>
      )}
      {findings.length === 0 && stats && database && (
        <p className={styles.well}><Icon name="check" />Everything is in order.</p>
      )}
      {database && <Postgres database={database} />}
    </Card>
  );
}

function Told({ finding: { level, text, advice } }: { finding: Finding }) {
  return (
    <li className={styles.finding} data-level={level}>
      <Icon name="warning" />
      <div>
        <p className={styles.text}>{text}</p>
        <p className={styles.advice}>{advice}</p>
      </div>
    </li>
  );
}

function Postgres({ database }: { database: Database }) {
  const { oldest_transaction_seconds: oldest, oldest_transaction: transaction } = database;
  return (
    <dl className={styles.facts}>
      <Fact name="PostgreSQL">{database.version}</Fact>
      <Fact name="Size">{bytes(database.size_bytes)}</Fact>
      <Fact name="Connections">{count(database.connections)} <small>of {count(database.connections_max)}</small></Fact>
      <Fact name="Dead rows" hint="In the table of unfinished tasks. Autovacuum clears them away.">
        {count(database.dead_tuples)} <small>beside {count(database.live_tuples)} live</small>
      </Fact>
      <Fact name="Oldest transaction" hint="While it is open, nothing that died since can be cleared away.">
        {oldest === null || oldest < 1 ? "none older than 1 s" : <>{duration(oldest * 1000)} <small>{transaction?.application}</small></>}
      </Fact>
    </dl>
  );
}

function Fact({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div className={styles.fact} title={hint}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
