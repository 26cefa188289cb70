import { useRef, useState } from "react";
import { useConnection, useLog } from "../live/context";
import { KEPT_ROWS, type Log } from "../live/log";
import { Button } from "../parts/Button";
import { Empty, Loading } from "../parts/Feedback";
import { count, plural } from "../parts/formats";
import { Page } from "../parts/Page";
import { Segments } from "../parts/Segments";
import styles from "./ActivityPage.module.css";
import { type Filter, fitting, KINDS, NO_FILTER } from "./filter";
import { afterPress, afterScroll, type Held, newSince } from "./hold";
import { LogList } from "./LogList";

const LEAD = `What happens in the cluster, as it happens. This page keeps the last ${count(KEPT_ROWS)} events.`;

export function ActivityPage() {
  const live = useLog();
  const [held, setHeld] = useState<Held | null>(null);
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [homing, setHoming] = useState(0);
  const search = useRef<HTMLInputElement>(null);
  const rows = fitting((held?.log ?? live).rows, filter);
  const press = () => {
    const next = afterPress(held, live);
    setHeld(next);
    if (next === null) setHoming(homing + 1);
  };
  return (
    <Page title="Activity" lead={LEAD}>
      <section className={styles.log} aria-label="Activity log">
        <div className={styles.bar}>
          <Segments label="Kind of events" value={filter.kind} options={KINDS} onChange={(kind) => { setFilter({ ...filter, kind }); }} />
          <input
            ref={search} type="search" className={styles.search} aria-label="Filter events" placeholder="Filter: words, a task's or a worker's id"
            value={filter.text} onChange={(event) => { setFilter({ ...filter, text: event.target.value }); }}
          />
          <span className={styles.told}>{told(rows.length, held, live)}</span>
          <Button icon={held ? "play" : "pause"} onClick={press}>{held ? "Resume" : "Pause"}</Button>
        </div>
        {rows.length === 0
          ? <Nothing log={live} onClear={() => { setFilter(NO_FILTER); search.current?.focus(); }} />
          : <LogList rows={rows} homing={homing} onScroll={(top) => { setHeld(afterScroll(held, top, live)); }} />}
      </section>
    </Page>
  );
}

function told(shown: number, held: Held | null, live: Log): string {
  if (held === null) return plural(shown, "event");
  return `Held still, ${plural(newSince(held, live), "new event")} since`;
}

function Nothing({ log, onClear }: { log: Log; onClear: () => void }) {
  const { phase } = useConnection();
  if (log.rows.length > 0) {
    return <Empty icon="search" title="No event fits"><Button onClick={onClear}>Show all events</Button></Empty>;
  }
  if (phase === "connecting") return <div className={styles.waiting}><Loading lines={8} /></div>;
  return <Empty icon="activity" title="No events yet">The log begins when the edge starts. Create a task, and it tells its story.</Empty>;
}
