import { Field } from "../parts/Field";
import type { Field as Argument, FieldKind } from "./signature";

interface Props {
  field: Argument;
  text: string;
  error: string | undefined;
  onChange: (text: string) => void;
}

const KINDS: Record<FieldKind, string> = {
  text: "text", integer: "whole number", number: "number", boolean: "true or false", choice: "one of these", json: "JSON",
};

/** One argument of the command, by the type that its signature gives. */
export function ArgumentField({ field, text, error, onChange }: Props) {
  const { name, kind, required, choices, fallback } = field;
  return (
    <Field label={<code>{name}</code>} required={required} error={error} hint={hintOf(field)}>
      {(control) => {
        const input = {
          ...control,
          value: text,
          onChange: (event: { target: { value: string } }) => { onChange(event.target.value); },
        };
        if (choices.length > 0) {
          return (
            <select {...input}>
              <option value="">{required ? "Choose…" : `Not given${fallback === null ? "" : ` (${fallback})`}`}</option>
              {choices.map((choice) => <option key={choice.text} value={choice.text}>{choice.text}</option>)}
            </select>
          );
        }
        if (kind === "json") return <textarea {...input} rows={2} spellCheck={false} placeholder={fallback ?? ""} />;
        const mode = kind === "text" ? "text" : "decimal";
        return <input {...input} inputMode={mode} autoComplete="off" spellCheck={false} placeholder={unquoted(fallback)} />;
      }}
    </Field>
  );
}

function hintOf({ kind, hint, required, fallback, nullable }: Argument): string {
  const facts = [hint, KINDS[kind] + (nullable ? " or null" : ""), !required && fallback !== null && `${fallback} if empty`];
  return facts.filter(Boolean).join(" · ");
}

function unquoted(fallback: string | null): string {
  return fallback?.replace(/^"(.*)"$/s, "$1") ?? "";
}
