import { useId, useState } from "react";
import { Field } from "../parts/Field";
import { Segments } from "../parts/Segments";
import { ArgumentField } from "./ArgumentField";
import type { FieldsProps } from "./CommandField";
import styles from "./Create.module.css";
import { argument, asJson, inFields, isJson } from "./draft";
import { WHOLE } from "./payload";
import type { Signature } from "./signature";

const WAYS = [{ value: "form", text: "Form" }, { value: "json", text: "JSON" }] as const;
const CANNOT = "The form cannot say all of this: it holds an argument the signature does not name, or of another type.";

/** The arguments: a field for each that the signature names, or all of them as JSON. */
export function PayloadFields({ draft, change, errors, signature }: FieldsProps & { signature: Signature }) {
  const id = useId();
  const [refused, setRefused] = useState("");
  const { fields, open } = signature;
  const typed = isJson(draft, signature);
  const choose = (way: "form" | "json") => {
    const turned = way === "json" ? asJson(draft, signature) : inFields(draft, signature);
    setRefused(turned ? "" : CANNOT);
    if (turned) change(turned);
  };
  if (fields.length === 0 && !open) return <p className={styles.quiet}>This command takes no arguments.</p>;
  return (
    <div role="group" aria-labelledby={id} className={styles.payload}>
      <div className={styles.payloadHead}>
        <h3 id={id}>Payload</h3>
        {fields.length > 0 && (
          <Segments label="Payload as" value={typed ? "json" : "form"} options={WAYS} onChange={choose} />
        )}
      </div>
      {typed ? (
        <Field label="JSON object" error={errors[WHOLE] ?? (refused || undefined)} hint="The keyword arguments of the function; empty for none. 256 KiB at most.">
          {(control) => (
            <textarea {...control} rows={5} value={draft.payload} spellCheck={false} placeholder="{}"
              onChange={(event) => { setRefused(""); change({ payload: event.target.value }); }} />
          )}
        </Field>
      ) : fields.map((field) => (
        <ArgumentField
          key={field.name}
          field={field}
          text={draft.texts[field.name] ?? ""}
          error={errors[argument(field.name)]}
          onChange={(text) => { change({ texts: { ...draft.texts, [field.name]: text } }); }}
        />
      ))}
      {!typed && errors[WHOLE] && <p role="alert" className={styles.wrong}>{errors[WHOLE]}</p>}
    </div>
  );
}
