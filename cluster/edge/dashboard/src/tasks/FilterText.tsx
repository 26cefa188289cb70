import { useEffect, useEffectEvent, useId, useState } from "react";
import { Field } from "../parts/Field";

/** Milliseconds after the last key until what was typed filters. */
const PAUSE = 350;

interface Props {
  label: string;
  /** What may well be meant. */
  known: readonly string[];
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

/** A filter that is typed; Enter, leaving it or a pause applies it. State: what is typed, from which value it began. */
export function FilterText({ label, known, value, error, onChange }: Props) {
  const list = useId();
  const [typing, setTyping] = useState({ from: value, text: value });
  const text = typing.from === value ? typing.text : value;
  const apply = () => { if (text.trim() !== value) onChange(text.trim()); };
  const applyLater = useEffectEvent(apply);
  // Whatever else is drawn meanwhile, rows that move for instance, is no pause.
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => { applyLater(); }, PAUSE);
    return () => { clearTimeout(timer); };
  }, [text, value]);
  return (
    <Field label={label} error={error}>
      {(field) => (
        <>
          <input
            {...field}
            type="search"
            value={text}
            placeholder="Any"
            autoComplete="off"
            spellCheck={false}
            list={known.length > 0 ? list : undefined}
            onChange={(event) => { setTyping({ from: value, text: event.target.value }); }}
            onBlur={apply}
            onKeyDown={(event) => { if (event.key === "Enter") apply(); }}
          />
          {known.length > 0 && <datalist id={list}>{known.map((one) => <option key={one} value={one} />)}</datalist>}
        </>
      )}
    </Field>
  );
}
