import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useDeferredValue, useLayoutEffect, useRef } from "react";
import type { Task } from "../api/types";
import { useArrowKeys } from "./arrowKeys";
import type { Sort } from "./filter";
import { coverage, type Selection, toggled, toggledPage } from "./selection";
import { TableHead } from "./TableHead";
import { TaskRow } from "./TaskRow";
import styles from "./Tasks.module.css";
import { useColumns } from "./useColumns";
import { useTop } from "./useTop";

/** The height of every row in CSS pixels, as the style sheet has it: rows that are not drawn must measure the same. */
const ROW = 48;
/** Rows drawn beyond the edges of the window, so that one may scroll, or go with the arrow keys, without a gap. */
const BEYOND = 8;

interface Props {
  rows: readonly Task[];
  /** Whether these are still the rows of the place before. */
  stale: boolean;
  sort: Sort;
  onSort: (sort: Sort) => void;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

/** A real table of which only the rows in sight are drawn; the others are two empty rows of their height. */
export function TaskTable({ rows, stale, sort, onSort, selection, onSelect }: Props) {
  const columns = useColumns();
  const table = useRef<HTMLTableElement>(null);
  const above = useTop(table);
  // What is in sight comes first, the rest a moment later: a frame shall not pay for all of a new table.
  const overscan = useDeferredValue(BEYOND, 0);
  const virtual = useWindowVirtualizer({
    count: rows.length, estimateSize: () => ROW, overscan, scrollMargin: above, initialRect: guess(),
  });
  useArrowKeys(table);
  const items = virtual.getVirtualItems();
  const ids = rows.map((row) => row.id);
  const latest = useLatest((id: string, extend: boolean) => { onSelect(toggled(selection, ids, id, extend)); });
  const before = (items[0]?.start ?? above) - above;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? above) - above);
  return (
    <table
      ref={table}
      className={styles.table}
      aria-label="Tasks"
      aria-rowcount={rows.length + 1}
      data-stale={stale || undefined}
    >
      <TableHead
        columns={columns}
        sort={sort}
        onSort={onSort}
        covered={selection.all ? "all" : coverage(selection, ids)}
        onSelectPage={() => { onSelect(toggledPage(selection, ids)); }}
      />
      <tbody>
        <Spacer height={before} columns={columns.length + 1} />
        {items.map(({ index }) => {
          const task = rows[index];
          return task && (
            <TaskRow
              key={task.id}
              task={task}
              columns={columns}
              index={index}
              selected={selection.all || selection.ids.has(task.id)}
              onSelect={latest}
            />
          );
        })}
        <Spacer height={after} columns={columns.length + 1} />
      </tbody>
    </table>
  );
}

/** Until the room below the head is measured: without a guess the rows would be drawn after the table, all in one go. */
function guess() {
  return { width: window.innerWidth, height: window.innerHeight / 2 };
}

function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return <tr aria-hidden="true"><td colSpan={columns} className={styles.spacer} style={{ height }} /></tr>;
}

/** The same function for ever that calls the latest one, so that rows need not be drawn again for it. */
function useLatest<A extends unknown[]>(call: (...args: A) => void): (...args: A) => void {
  const latest = useRef(call);
  useLayoutEffect(() => { latest.current = call; });
  return useCallback((...args: A) => { latest.current(...args); }, []);
}
