import styles from "./Progress.module.css";

/** How much of something is done, 0 to 1, as its handler says; `message`: what it says about that. */
export function Progress({ done, message }: { done: number; message: string | null }) {
  const percent = Math.round(done * 100);
  return (
    <span className={styles.progress} title={message ?? undefined}>
      <span role="progressbar" aria-label="Progress" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} className={styles.track}>
        <span style={{ transform: `scaleX(${done})` }} />
      </span>
      <span className={styles.percent}>{percent} %</span>
    </span>
  );
}
