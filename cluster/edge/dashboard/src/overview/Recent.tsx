import { Link } from "wouter";
import { LogRow } from "../activity/LogRow";
import { useLog } from "../live/context";
import { Card } from "../parts/Card";
import { Empty } from "../parts/Feedback";
import styles from "./Recent.module.css";

const SHOWN = 7;

/** The last things that happened. */
export function Recent() {
  const { rows } = useLog();
  return (
    <Card title="Just now" actions={<Link href="/activity">All activity</Link>} flush>
      {rows.length === 0
        ? <Empty icon="activity" title="No events yet" />
        : <ol className={styles.rows}>{rows.slice(-SHOWN).reverse().map((row) => <li key={row.key}><LogRow row={row} /></li>)}</ol>}
    </Card>
  );
}
