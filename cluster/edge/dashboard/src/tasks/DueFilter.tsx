import { useState } from "react";
import { Field } from "../parts/Field";
import type { Filter } from "./filter";

const SPANS = [
  { value: "", text: "Any time" },
  { value: "-15m", text: "Last 15 minutes" },
  { value: "-1h", text: "Last hour" },
  { value: "-1d", text: "Last 24 hours" },
  { value: "-7d", text: "Last 7 days" },
] as const;
const CUSTOM = "custom";

interface Props {
  from: string;
  to: string;
  onChange: (part: Partial<Filter>) => void;
}

/** By when tasks are, or were, due: a span up to now and on, or from one time to another. */
export function DueFilter({ from, to, onChange }: Props) {
  const [exact, setExact] = useState(false);
  const usual = to === "" && SPANS.some((span) => span.value === from);
  const custom = exact || !usual;
  const choose = (value: string) => {
    setExact(value === CUSTOM);
    onChange(value === CUSTOM ? { from: localOf(from), to: localOf(to) } : { from: value, to: "" });
  };
  return (
    <>
      <Field label="Due">
        {(field) => (
          <select {...field} value={custom ? CUSTOM : from} onChange={(event) => { choose(event.target.value); }}>
            {SPANS.map(({ value, text }) => <option key={value} value={value}>{text}</option>)}
            <option value={CUSTOM}>From – to…</option>
          </select>
        )}
      </Field>
      {custom && (
        <>
          <Field label="Due from">
            {(field) => (
              <input {...field} type="datetime-local" value={localOf(from)}
                onChange={(event) => { onChange({ from: event.target.value }); }} />
            )}
          </Field>
          <Field label="Due until">
            {(field) => (
              <input {...field} type="datetime-local" value={localOf(to)}
                onChange={(event) => { onChange({ to: event.target.value }); }} />
            )}
          </Field>
        </>
      )}
    </>
  );
}

/** As the browser's own field wants it: local, without an offset. Anything else than a time is none. */
function localOf(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) return "";
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
