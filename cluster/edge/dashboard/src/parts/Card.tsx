import { type ReactNode, useId } from "react";
import styles from "./Card.module.css";

interface Props {
  title: string;
  /** Controls that belong to the card, at the right of its title. */
  actions?: ReactNode;
  /** Without a padding of its own, for tables and lists that reach the edges. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled region of a page. */
export function Card({ title, actions, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {actions}
      </div>
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
