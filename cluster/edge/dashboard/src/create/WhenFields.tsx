import { Field } from "../parts/Field";
import { Segments } from "../parts/Segments";
import type { FieldsProps } from "./CommandField";
import type { When } from "./draft";

const TIMES: readonly { value: When; text: string }[] = [
  { value: "now", text: "Now" }, { value: "delay", text: "After a delay" }, { value: "at", text: "At a time" },
];

/** When it is due; for many, how many as well. */
export function WhenFields({ draft, change, errors, many }: FieldsProps & { many: boolean }) {
  const times = many ? TIMES.filter((time) => time.value !== "at") : TIMES;
  const when = many && draft.when === "at" ? "now" : draft.when;
  return (
    <>
      {many && (
        <Field label="Number of tasks" required error={errors.count} hint="1 to 1,000, all of them or none.">
          {(control) => (
            <input {...control} type="number" inputMode="numeric" min={1} max={1000} value={draft.count}
              onChange={(event) => { change({ count: event.target.value }); }} />
          )}
        </Field>
      )}
      <div><Segments label="When" value={when} options={times} onChange={(value) => { change({ when: value }); }} /></div>
      {when === "delay" && (
        <Field label="Delay in seconds" error={errors.delay_seconds} hint="Counted by the clock of the database.">
          {(control) => (
            <input {...control} type="number" inputMode="decimal" min={0} step="any" value={draft.delay_seconds}
              onChange={(event) => { change({ delay_seconds: event.target.value }); }} />
          )}
        </Field>
      )}
      {when === "at" && (
        <Field label="Day and time" required error={errors.scheduled_at} hint={`In your time zone, ${zone()}.`}>
          {(control) => (
            <input {...control} type="datetime-local" step={1} value={draft.scheduled_at}
              onChange={(event) => { change({ scheduled_at: event.target.value }); }} />
          )}
        </Field>
      )}
    </>
  );
}

function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
