/** What stands where content would: nothing yet, nothing at all, or why not. */
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import styles from "./Feedback.module.css";

/** Grey lines in the place of `lines` lines of text, so that nothing moves when they come. */
export function Loading({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.loading} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => <span key={line} className={styles.bone} />)}
    </div>
  );
}

interface EmptyProps {
  icon?: IconName;
  title: string;
  /** What to do about it. */
  children?: ReactNode;
}

export function Empty({ icon = "info", title, children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <span className={styles.icon}><Icon name={icon} size={24} /></span>
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.advice}>{children}</div>}
    </div>
  );
}

/** An error in place of what could not be shown: the problem's own detail, and a way to ask again. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = asProblem(error);
  return (
    <div className={styles.failure} role="alert">
      <span className={styles.icon}><Icon name="warning" size={20} /></span>
      <div>
        <p className={styles.title}>{problem.status > 0 ? `${problem.status} ${problem.title}` : problem.title}</p>
        <p className={styles.advice}>{problem.detail}</p>
      </div>
      {onRetry && <Button icon="refresh" onClick={onRetry}>Try again</Button>}
    </div>
  );
}
