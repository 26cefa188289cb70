import { Link } from "wouter";
import { Button } from "../parts/Button";
import { Empty } from "../parts/Feedback";
import { isFiltered } from "./filter";
import type { Gathered } from "./gather";
import type { PlaceControl } from "./usePlace";

/** Why the table is empty, and the way out. */
export function NoTasks({ control, shown, onClear }: { control: PlaceControl; shown: Gathered; onClear: () => void }) {
  const { next_cursor: following, at } = shown;
  if (following !== null) {
    return (
      <Empty icon="search" title="Nothing so far">
        <p>What is rare in a long history is looked for a bounded way at a time. A span of time makes it quick.</p>
        <Button icon="search" onClick={() => { control.next(following, at); }}>Look on</Button>
      </Empty>
    );
  }
  if (isFiltered(control.place.filter)) {
    return (
      <Empty icon="search" title="No task fits this filter">
        <Button onClick={onClear}>Clear filters</Button>
      </Empty>
    );
  }
  return <Empty icon="tasks" title="There are no tasks yet"><Link href="/create">Create the first one</Link></Empty>;
}
