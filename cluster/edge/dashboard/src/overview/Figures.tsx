import type { ReactNode } from "react";
import { Link } from "wouter";
import { useStats } from "../api/queries";
import type { Stats } from "../api/types";
import { count, duration, NOTHING, rate } from "../parts/formats";
import { Icon, type IconName } from "../parts/Icon";
import { useNow } from "../parts/now";
import type { Tone } from "../parts/states";
import styles from "./Figures.module.css";
import { useOldestWaiting } from "./queries";

interface Counter {
  field: "pending" | "running" | "completed" | "failed";
  label: string;
  tone: Tone;
  icon: IconName;
  href: string;
}

const COUNTERS: readonly Counter[] = [
  { field: "pending", label: "Pending", tone: "pending", icon: "clock", href: "/tasks?status=QUEUED" },
  { field: "running", label: "Running", tone: "running", icon: "play", href: "/tasks?status=STARTED" },
  { field: "completed", label: "Completed", tone: "completed", icon: "check", href: "/tasks?status=COMPLETE" },
  { field: "failed", label: "Failed", tone: "failed", icon: "cross", href: "/tasks?status=FAILED" },
];

/** The four numbers, each a way to its tasks, and how fast and how full the cluster is. */
export function Figures() {
  const { data: stats } = useStats();
  return (
    <>
      <ul className={styles.counters} aria-label="Tasks">
        {COUNTERS.map(({ field, label, tone, icon, href }) => (
          <li key={field}>
            <Link href={href} className={styles.counter} data-tone={tone}>
              <span className={styles.label}><Icon name={icon} size={14} />{label}</span>
              <span className={styles.figure} data-testid={field}>{stats ? count(stats[field]) : NOTHING}</span>
            </Link>
          </li>
        ))}
      </ul>
      <dl className={styles.facts}>
        <Fact name="Throughput" note="finished per second">{stats ? rate(stats.throughput) : NOTHING}</Fact>
        <OldestWaiting />
        <Fact name="Workers online" note={<Link href="/workers">see them</Link>}>
          {stats ? count(stats.workers.length) : NOTHING}
        </Fact>
        <SlotsUsed stats={stats} />
      </dl>
    </>
  );
}

function OldestWaiting() {
  const { data: task } = useOldestWaiting();
  const now = useNow();
  if (!task) return <Fact name="Oldest waiting" note="nothing waits for a slot">{NOTHING}</Fact>;
  const waited = Math.max(0, Math.round((now - Date.parse(task.scheduled_at)) / 1000) * 1000);
  return <Fact name="Oldest waiting" note={<Link href={`/tasks/${task.id}`}>why?</Link>}>{duration(waited)}</Fact>;
}

function SlotsUsed({ stats }: { stats: Stats | undefined }) {
  if (!stats) return <Fact name="Slots used">{NOTHING}</Fact>;
  const busy = stats.workers.reduce((sum, worker) => sum + Math.min(worker.running, worker.slots), 0);
  const meter = <meter className={styles.meter} min={0} max={Math.max(1, stats.slots)} value={busy} aria-label="Slots used" />;
  return <Fact name="Slots used" note={meter}>{count(busy)} <small>of {count(stats.slots)}</small></Fact>;
}

function Fact({ name, note, children }: { name: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt className={styles.label}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}
