import { memo } from "react";
import type { Task } from "../api/types";
import { shortId } from "../parts/formats";
import type { Column } from "./columns";
import styles from "./Tasks.module.css";

interface Props {
  task: Task;
  columns: readonly Column[];
  /** Its place in the page, from 0. */
  index: number;
  selected: boolean;
  onSelect: (id: string, extend: boolean) => void;
}

/** One task. Drawn again only when it, or whether it is selected, changes. */
export const TaskRow = memo(function TaskRow({ task, columns, index, selected, onSelect }: Props) {
  return (
    // The header is the first row of the table.
    <tr className={styles.row} aria-rowindex={index + 2} aria-selected={selected} data-index={index} data-state={task.state}>
      <td className={styles.check}>
        <label>
          <input
            type="checkbox"
            data-focus="select"
            aria-label={`Select ${task.command} ${shortId(task.id)}`}
            checked={selected}
            onChange={(event) => {
              onSelect(task.id, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey);
            }}
          />
        </label>
      </td>
      {columns.map((column) => <td key={column.id} data-column={column.id}>{column.cell(task)}</td>)}
    </tr>
  );
});
