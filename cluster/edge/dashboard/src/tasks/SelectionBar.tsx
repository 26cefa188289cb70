import { useState } from "react";
import { Button } from "../parts/Button";
import { count, plural } from "../parts/formats";
import { type Filter, isFiltered } from "./filter";
import { isNothing, NOTHING, type Selection } from "./selection";
import { type Asked, SteerDialog } from "./SteerDialog";
import { type Action, orderOf } from "./steering";
import styles from "./Tasks.module.css";

interface Props {
  selection: Selection;
  onSelect: (selection: Selection) => void;
  filter: Filter;
  shown: number;
  readOnly: string | null;
  /** Something was done, and the buttons for it are gone. */
  onDone: () => void;
}

/** What is selected, and what can be done with it. */
export function SelectionBar({ selection, onSelect, filter, shown, readOnly, onDone }: Props) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const refused = (action: Action) => {
    const order = orderOf(action, selection, filter, 0);
    return readOnly ?? ("refused" in order ? order.refused : null);
  };
  const ask = (action: Action) => {
    const order = orderOf(action, selection, filter, Date.now());
    if ("body" in order) setAsked({ action, body: order.body });
  };
  return (
    <>
      {isNothing(selection) ? <p className={styles.summary}>{shown > 0 && plural(shown, "task")}</p> : (
        <div className={styles.selection} role="group" aria-label="Selected tasks">
          <p role="status">{selection.all ? "All that match the filter" : `${count(selection.ids.size)} selected`}</p>
          <Button look="danger" icon="ban" refused={refused("cancel")} onClick={() => { ask("cancel"); }}>Cancel…</Button>
          <Button icon="refresh" refused={refused("retry")} onClick={() => { ask("retry"); }}>Run again…</Button>
          {!selection.all && isFiltered(filter) && (
            <Button look="quiet" onClick={() => { onSelect({ ...NOTHING, all: true }); onDone(); }}>All that match the filter</Button>
          )}
          <Button look="quiet" icon="cross" onClick={() => { onSelect(NOTHING); onDone(); }}>Select none</Button>
        </div>
      )}
      <SteerDialog
        asked={asked}
        onClose={() => { setAsked(null); }}
        onDone={() => { setAsked(null); onSelect(NOTHING); onDone(); }}
      />
    </>
  );
}
