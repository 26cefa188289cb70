import { useDeferredValue, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useReadOnly } from "../api/queries";
import { asProblem } from "../api/problem";
import { refusalOf } from "../api/refusal";
import { Button } from "../parts/Button";
import { Failure, Loading } from "../parts/Feedback";
import { Page } from "../parts/Page";
import { Announcement } from "./Announcement";
import { NO_FILTER } from "./filter";
import { FILTER_FIELDS, FilterBar } from "./FilterBar";
import { NoTasks } from "./NoTasks";
import { Pager } from "./Pager";
import { isNothing, NOTHING, type Selection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import styles from "./Tasks.module.css";
import { TaskTable } from "./TaskTable";
import { usePlace } from "./usePlace";
import { useTasks } from "./useTasks";

/** `/tasks`: every task there is, by keyset pages, with live rows. The address says all of filter, order and page. */
export function TasksPage() {
  const control = usePlace();
  const { place, key } = control;
  const [selection, select] = useSelection(key);
  const readOnly = useReadOnly();
  const { data: latest, error, isPlaceholderData, refetch } = useTasks(place, key, !isNothing(selection));
  // A page of other rows is drawn a few milliseconds at a time: what a person does comes first, and so do frames.
  const data = useDeferredValue(latest);
  const refusal = error && refusalOf(asProblem(error).detail, FILTER_FIELDS);
  const rows = data?.tasks ?? [];
  const { card, focus } = useFocus();
  const clear = () => {
    control.filterBy(NO_FILTER);
    focus();
  };
  return (
    <Page
      title="Tasks"
      lead="What waits, what runs, what became of the rest. Rows change as it happens."
      actions={<Link href="/create" className={styles.create ?? ""}>Create tasks</Link>}
    >
      <FilterBar control={control} refusal={refusal ?? null} onClear={clear} />
      {error && refusal?.field == null && <Failure error={error} onRetry={() => void refetch()} />}
      <section ref={card} tabIndex={-1} hidden={data === undefined && error !== null} className={styles.card} aria-label="Tasks" aria-busy={isPlaceholderData || undefined}>
        <div className={styles.bar}>
          <SelectionBar selection={selection} onSelect={select} filter={place.filter} shown={rows.length} readOnly={readOnly} onDone={focus} />
          {data?.deep && <Button look="quiet" icon="refresh" onClick={() => void refetch()}>Look again</Button>}
          <Pager control={control} shown={data} busy={isPlaceholderData} />
        </div>
        <Announcement listKey={key} shown={isPlaceholderData ? null : (data?.tasks.length ?? null)} />
        {data === undefined && <div className={styles.inset}><Loading lines={12} label="Loading tasks" /></div>}
        {rows.length > 0 && (
          <TaskTable
            key={place.cursor}
            rows={rows}
            stale={isPlaceholderData}
            sort={place.sort}
            onSort={(sort) => { control.arrange({ sort }); }}
            selection={selection}
            onSelect={select}
          />
        )}
        {data && rows.length === 0 && <NoTasks control={control} shown={data} onClear={clear} />}
      </section>
    </Page>
  );
}

/** Brings the focus to the card when the control that had it is gone: after the dialog has given it back. */
function useFocus() {
  const card = useRef<HTMLElement>(null);
  const [wanted, setWanted] = useState(0);
  useEffect(() => {
    if (wanted > 0) card.current?.focus({ preventScroll: true });
  }, [wanted]);
  return { card, focus: () => { setWanted((before) => before + 1); } };
}

/** What is selected belongs to one list: another filter, order or page begins with nothing. */
function useSelection(key: string): [Selection, (selection: Selection) => void] {
  const [chosen, setChosen] = useState({ key, selection: NOTHING });
  return [chosen.key === key ? chosen.selection : NOTHING, (selection) => { setChosen({ key, selection }); }];
}
