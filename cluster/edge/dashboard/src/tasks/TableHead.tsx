import { useEffect, useRef } from "react";
import { Icon } from "../parts/Icon";
import type { Column } from "./columns";
import type { Sort } from "./filter";
import styles from "./Tasks.module.css";

interface Props {
  columns: readonly Column[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  covered: "none" | "some" | "all";
  onSelectPage: () => void;
}

/** The list is ordered by when tasks are due, for that is what it is indexed by: whatever its size, a page costs the same. */
export function TableHead({ columns, sort, onSort, covered, onSelectPage }: Props) {
  const newest = sort === "-scheduled_at";
  const all = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (all.current) all.current.indeterminate = covered === "some";
  }, [covered]);
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" className={styles.check}>
          <label>
            <input ref={all} type="checkbox" aria-label="Select all rows of this page" checked={covered === "all"} onChange={onSelectPage} />
          </label>
        </th>
        {columns.map(({ id, title }) => (
          <th key={id} scope="col" data-column={id} aria-sort={id !== "due" ? undefined : newest ? "descending" : "ascending"}>
            {id === "due" ? (
              <button type="button" className={styles.sort} data-up={!newest || undefined} onClick={() => { onSort(newest ? "scheduled_at" : "-scheduled_at"); }}>
                {title}
                <Icon name="arrow" size={12} />
              </button>
            ) : title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
