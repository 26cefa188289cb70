import { useEffect, useRef, useState } from "react";
import { useReadOnly } from "../api/queries";
import { useConnection } from "../live/context";
import type { Connection } from "../live/live";
import { time } from "../parts/formats";
import { Icon } from "../parts/Icon";
import { TourNotice } from "../tour";
import styles from "./Notices.module.css";

/** A blip shorter than this is not worth a word. */
const PATIENCE_MS = 1_500;

/** What a wide screen has room for. */
const NEVER_OPEN = "The stream of events cannot be opened.";
const AS_IT_WAS = "What you see is from then.";

/**
 * What concerns every page: that nothing may be changed, that a tour goes on, that the stream is lost. The last comes and
 * goes while somebody reads or aims, so it lies over the space above the page and moves nothing.
 */
export function Notices() {
  const connection = useConnection();
  const stale = useStale(connection);
  const readOnly = useReadOnly();
  const region = useHeightAs("--notices");
  return (
    <section ref={region} className={styles.notices} aria-label="Notices">
      {readOnly && (
        <p className={styles.notice} data-tone="read-only">
          <Icon name="lock" />
          <span>{readOnly}</span>
        </p>
      )}
      <TourNotice />
      <div role="status" className={styles.over}>
        {stale && (
          <p className={styles.stale}>
            <Icon name="warning" size={14} />
            <span>{staleText(connection.heard)}</span>
            <span className={styles.wide}>{connection.heard === null ? NEVER_OPEN : AS_IT_WAS}</span>
          </p>
        )}
      </div>
    </section>
  );
}

function staleText(heard: number | null): string {
  return heard === null
    ? "No live news yet; trying again."
    : `No news since ${time(heard)}; trying again.`;
}

/** From a little after the stream was lost until it is back; the tries in between do not make it flicker. */
function useStale({ phase, since }: Connection): boolean {
  const [patientUntil, setPatientUntil] = useState<number | null>(null);
  useEffect(() => {
    if (phase !== "lost") return;
    const timer = setTimeout(() => { setPatientUntil(since); }, PATIENCE_MS);
    return () => { clearTimeout(timer); };
  }, [phase, since]);
  return phase === "lost" && patientUntil === since;
}

/** Tells style sheets how high an element is, in a property of the document: what sticks to the top sticks below it. */
function useHeightAs(property: string) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      document.documentElement.style.setProperty(property, `${entry?.contentRect.height ?? 0}px`);
    });
    observer.observe(element.current);
    return () => { observer.disconnect(); };
  }, [property]);
  return element;
}
