import { useState } from "react";
import { useCommands, useQueues, useWorkers } from "../api/queries";
import type { Refusal } from "../api/refusal";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { lookOf } from "../parts/states";
import { Segments } from "../parts/Segments";
import { DueFilter } from "./DueFilter";
import { FilterText } from "./FilterText";
import { isFiltered, STATES, STATUSES, type StatusOrState } from "./filter";
import styles from "./Tasks.module.css";
import type { PlaceControl } from "./usePlace";

/** The parameters that a refusal of GET /api/tasks may be about. */
export const FILTER_FIELDS = ["queue", "command", "worker", "id"] as const;

const LABELS = { QUEUED: "Pending", STARTED: "Running", COMPLETE: "Completed", FAILED: "Failed", CANCELLED: "Cancelled" };
/** A segment cannot be chosen by an empty value. */
const ALL = "ALL";
const STATUS_OPTIONS = [{ value: ALL, text: "All" }, ...STATUSES.map((value) => ({ value, text: LABELS[value] }))] as const;

/** Which tasks the table shows. */
export function FilterBar({ control, refusal, onClear }: { control: PlaceControl; refusal: Refusal | null; onClear: () => void }) {
  const { place: { filter }, filterBy } = control;
  const [open, setOpen] = useState(false);
  const commands = useCommands().data?.map((one) => one.command) ?? [];
  const queues = useQueues().data?.map((one) => one.queue) ?? [];
  const workers = useWorkers().data?.map((one) => one.name) ?? [];
  const active = Object.entries(filter).filter(([name, value]) => name !== "status" && value !== "").length;
  const known: Record<(typeof FILTER_FIELDS)[number], [label: string, known: readonly string[]]> = {
    command: ["Command", commands], queue: ["Queue", queues], worker: ["Worker", workers], id: ["Id, or how it begins", []],
  };
  const setStatus = (status: string) => { filterBy({ status: status === ALL ? "" : status as StatusOrState }); };
  return (
    <search className={styles.filters} aria-label="Filter tasks">
      <div className={styles.statuses}>
        <Segments label="Status" value={filter.status || ALL} options={STATUS_OPTIONS} onChange={setStatus} />
        <Button look="quiet" icon="search" aria-expanded={open} onClick={() => { setOpen(!open); }}>
          {active > 0 ? `Filters (${active})` : "Filters"}
        </Button>
      </div>
      <div className={styles.fields} data-open={open || undefined}>
        <Field label="State">
          {(field) => (
            <select {...field} value={filter.status || ALL} onChange={(event) => { setStatus(event.target.value); }}>
              {STATUS_OPTIONS.map(({ value, text }) => <option key={value} value={value}>{value === ALL ? "Any" : `${text}, any state`}</option>)}
              {STATES.map((state) => <option key={state} value={state}>{lookOf(state).label}</option>)}
            </select>
          )}
        </Field>
        {FILTER_FIELDS.map((name) => (
          <FilterText
            key={name}
            label={known[name][0]}
            known={known[name][1]}
            value={filter[name]}
            error={refusal?.field === name ? refusal.message : undefined}
            onChange={(value) => { filterBy({ [name]: value }); }}
          />
        ))}
        <DueFilter from={filter.from} to={filter.to} onChange={filterBy} />
        {isFiltered(filter) && (
          <div className={styles.clear}><Button look="quiet" icon="cross" onClick={onClear}>Clear filters</Button></div>
        )}
      </div>
    </search>
  );
}
