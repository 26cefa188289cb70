import { Button } from "../parts/Button";
import { PAGE_SIZES } from "./filter";
import type { Gathered } from "./gather";
import styles from "./Tasks.module.css";
import type { PlaceControl } from "./usePlace";

interface Props {
  control: PlaceControl;
  shown: Gathered | undefined;
  busy: boolean;
}

/** Pages by key: the way back is remembered, nobody counts how many there are. */
export function Pager({ control, shown, busy }: Props) {
  const { place, page, previous, next, arrange } = control;
  return (
    <nav className={styles.pager} aria-label="Pages of tasks">
      <select
        aria-label="Tasks per page"
        className={styles.size}
        value={place.size}
        onChange={(event) => { arrange({ size: Number(event.target.value) }); }}
      >
        {PAGE_SIZES.map((size) => <option key={size} value={size}>{size} per page</option>)}
      </select>
      <Button
        look="quiet"
        refused={previous === null ? "This is the first page" : null}
        onClick={() => previous?.()}
      >
        Previous
      </Button>
      {page !== null && <span className={styles.page}>Page {page}</span>}
      <Button
        look="quiet"
        refused={shown?.next_cursor == null || busy ? "This is the last page" : null}
        onClick={() => { if (shown?.next_cursor != null) next(shown.next_cursor, shown.at); }}
      >
        Next
      </Button>
    </nav>
  );
}
