import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Row } from "../live/log";
import { LogRow } from "./LogRow";
import styles from "./LogList.module.css";

const ROW = 28;
const TALL_ROW = 50;
/** Rows drawn beyond the edges, so that one may scroll without a gap. */
const BEYOND = 4;
const NARROW = "(max-width: 45rem)";

interface Props {
  rows: readonly Row[];
  /** Changes when the list shall go back to its newest row. */
  homing: number;
  onScroll: (top: number) => void;
}

/** The rows, of which only those in sight are in the document. No live region: a thousand events are no announcement. */
export function LogList({ rows, homing, onScroll }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useNarrow() ? TALL_ROW : ROW;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by the compiler
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: BEYOND,
  });
  useEffect(() => { virtual.measure(); }, [virtual, height]);
  useEffect(() => { scroller.current?.scrollTo({ top: 0 }); }, [homing]);
  return (
    <div
      ref={scroller} className={styles.scroller} role="region" aria-label="Events, newest first" tabIndex={0}
      onScroll={(event) => { onScroll(event.currentTarget.scrollTop); }}
    >
      <ol className={styles.rows} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return row && (
            <li
              key={item.key} className={styles.place} aria-posinset={item.index + 1} aria-setsize={rows.length}
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
            >
              <LogRow row={row} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function useNarrow(): boolean {
  return useSyncExternalStore(onNarrow, () => window.matchMedia(NARROW).matches);
}

function onNarrow(listener: () => void): () => void {
  const media = window.matchMedia(NARROW);
  media.addEventListener("change", listener);
  return () => { media.removeEventListener("change", listener); };
}
