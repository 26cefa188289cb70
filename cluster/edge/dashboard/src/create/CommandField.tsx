import { useState } from "react";
import type { Offered } from "../api/types";
import { Field } from "../parts/Field";
import { duration, plural } from "../parts/formats";
import { Icon } from "../parts/Icon";
import styles from "./Create.module.css";
import type { Draft } from "./draft";

export interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  errors: Readonly<Record<string, string>>;
}

const OTHER = "\0other";

/** What the workers offer, or any other name: a task may be there before the worker that knows it. */
export function CommandField({ draft, change, errors, offered, chosen }: FieldsProps & {
  offered: readonly Offered[];
  chosen: Offered | undefined;
}) {
  const [typed, setTyped] = useState(chosen === undefined);
  const choose = (command: string) => {
    setTyped(command === OTHER);
    change({ command: command === OTHER ? "" : command, texts: {} });
  };
  return (
    <>
      {offered.length > 0 && (
        <Field label="Command" required error={typed ? undefined : errors.command} hint={typed ? undefined : aboutOf(chosen)}>
          {(control) => (
            <select {...control} value={typed ? OTHER : draft.command} onChange={(event) => { choose(event.target.value); }}>
              {offered.map(({ command }) => <option key={command} value={command}>{command}</option>)}
              <option value={OTHER}>Another command…</option>
            </select>
          )}
        </Field>
      )}
      {typed && (
        <Field label={offered.length > 0 ? "Name of the command" : "Command"} required error={errors.command} hint="The name it is registered by.">
          {(control) => (
            <input {...control} value={draft.command} autoComplete="off" spellCheck={false} maxLength={200}
              onChange={(event) => { change({ command: event.target.value }); }} />
          )}
        </Field>
      )}
      {typed && draft.command.trim() !== "" && chosen === undefined && (
        <p className={styles.note}>
          <Icon name="parked" size={14} />
          No worker offers this command now. The task will be parked until one does.
        </p>
      )}
    </>
  );
}

function aboutOf(offered: Offered | undefined): string | undefined {
  if (!offered) return undefined;
  const facts = [
    offered.description.replace(/\.$/, ""),
    `${plural(offered.workers, "worker")} offer${offered.workers === 1 ? "s" : ""} it`,
    offered.timeout_seconds !== null && `${duration(offered.timeout_seconds * 1000)} at most`,
    offered.max_attempts !== null && plural(offered.max_attempts, "attempt"),
  ];
  return facts.filter(Boolean).join(" · ");
}
