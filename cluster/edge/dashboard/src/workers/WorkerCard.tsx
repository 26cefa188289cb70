import { type ReactNode, useEffectEvent, useLayoutEffect, useRef } from "react";
import type { Worker } from "../api/types";
import { Button } from "../parts/Button";
import { bytes, count, duration, rate } from "../parts/formats";
import { TimeAgo } from "../parts/TimeAgo";
import { Slots } from "./Slots";
import type { Ending } from "./ending";
import styles from "./WorkerCard.module.css";

/** A loop that is this late keeps heartbeats and other tasks waiting. */
const LATE_SECONDS = 0.25;

interface Props {
  worker: Worker;
  readOnly: string | null;
  onEnd: (ending: Ending) => void;
  /** The card goes away, and `focused` in it has the focus. */
  onGone: (name: string, focused: Element) => void;
}

/** One worker: what it runs, how it is doing, and how to end it. */
export function WorkerCard({ worker, readOnly, onEnd, onGone }: Props) {
  const card = useLastFocus((focused) => { onGone(worker.name, focused); });
  const draining = worker.status === "draining";
  return (
    <article ref={card} className={styles.card} aria-label={worker.name}>
      <div className={styles.head}>
        <h2 className={styles.name} title={worker.worker_id}>{worker.name}</h2>
        <span className={styles.status} data-status={worker.status}>{worker.status}</span>
        <div className={styles.actions}>
          <Button
            look="quiet" icon="drain" data-way="drain" aria-label={`Drain ${worker.name}`}
            refused={readOnly ?? (draining ? `${worker.name} is draining already.` : null)}
            onClick={() => { onEnd({ way: "drain", worker }); }}
          >
            Drain
          </Button>
          <Button
            look="danger" data-way="kill" aria-label={`Kill ${worker.name}`} refused={readOnly}
            onClick={() => { onEnd({ way: "kill", worker }); }}
          >
            Kill
          </Button>
        </div>
      </div>
      <Slots worker={worker} />
      <dl className={styles.facts}>
        <Fact name="Done">{count(worker.tasks_completed)}</Fact>
        <Fact name="Failed" bad={worker.tasks_failed > 0}>{count(worker.tasks_failed)}</Fact>
        <Fact name="Per second">{rate(worker.rate)}</Fact>
        <Fact name="Memory">{bytes(worker.rss_bytes)}</Fact>
        <Fact name="Loop lag" bad={worker.loop_lag_seconds > LATE_SECONDS}>{duration(worker.loop_lag_seconds * 1000)}</Fact>
        <Fact name="Heartbeat"><TimeAgo at={worker.last_heartbeat} /></Fact>
      </dl>
      <ul className={styles.commands} aria-label={`Commands ${worker.name} offers`}>
        {worker.commands.map((command) => <li key={command}><code>{command}</code></li>)}
      </ul>
    </article>
  );
}

/** Tells what has the focus inside an element that is about to go away: afterwards nobody knows. */
function useLastFocus(onGone: (focused: Element) => void) {
  const element = useRef<HTMLElement>(null);
  const tell = useEffectEvent(onGone);
  useLayoutEffect(() => {
    const shown = element.current;
    return () => {
      const focused = document.activeElement;
      if (focused !== null && shown?.contains(focused)) tell(focused);
    };
  }, []);
  return element;
}

function Fact({ name, bad = false, children }: { name: string; bad?: boolean; children: ReactNode }) {
  return (
    <div className={styles.fact} data-bad={bad || undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
