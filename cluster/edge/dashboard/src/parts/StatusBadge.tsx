import { Icon } from "./Icon";
import { lookOf } from "./states";
import styles from "./StatusBadge.module.css";

/** The state of a task (`task.state`, the finer word) as a badge: icon, word and colour. */
export function StatusBadge({ state }: { state: string }) {
  const look = lookOf(state);
  return (
    <span className={styles.badge} data-tone={look.tone} title={look.meaning}>
      <Icon name={look.icon} size={12} />
      {look.label}
    </span>
  );
}
