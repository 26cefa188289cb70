import { useConnection } from "../live/context";
import styles from "./ConnectionMark.module.css";

const WORDS = { connecting: "Connecting", live: "Live", lost: "Stale" } as const;

/** Whether what is shown is news. The notice at the top of the page announces it; this is for a glance. */
export function ConnectionMark() {
  const { phase } = useConnection();
  return (
    <span className={styles.mark} data-phase={phase} data-testid="connection">
      <span className={styles.dot} aria-hidden="true" />
      {WORDS[phase]}
    </span>
  );
}
