import { useQueues } from "../api/queries";
import type { Offered } from "../api/types";
import { Field } from "../parts/Field";
import type { FieldsProps } from "./CommandField";
import styles from "./Create.module.css";

/** How it is run: what most tasks leave as it is. */
export function HowFields({ draft, change, errors, chosen }: FieldsProps & { chosen: Offered | undefined }) {
  const queues = useQueues().data ?? [];
  return (
    <>
      <div className={styles.pair}>
        <Field label="Priority" error={errors.priority} hint="−100 to 100, higher first.">
          {(control) => (
            <input {...control} type="number" inputMode="numeric" min={-100} max={100} placeholder="0" value={draft.priority}
              onChange={(event) => { change({ priority: event.target.value }); }} />
          )}
        </Field>
        <Field label="Queue" error={errors.queue} hint="A name to sort tasks by.">
          {(control) => (
            <input {...control} list="create-queues" placeholder="default" value={draft.queue} autoComplete="off" spellCheck={false}
              onChange={(event) => { change({ queue: event.target.value }); }} />
          )}
        </Field>
        <datalist id="create-queues">{queues.map(({ queue }) => <option key={queue} value={queue} />)}</datalist>
      </div>
      <details className={styles.more}>
        <summary>Unique key, attempts, timeout</summary>
        <div className={styles.fields}>
          <Field label="Unique key" error={errors.unique_key} hint="While a task with this key is unfinished, another one is not created.">
            {(control) => (
              <input {...control} value={draft.unique_key} autoComplete="off" spellCheck={false}
                onChange={(event) => { change({ unique_key: event.target.value }); }} />
            )}
          </Field>
          <div className={styles.pair}>
            <Field label="Attempts at most" error={errors.max_attempts} hint="Until it is given up.">
              {(control) => (
                <input {...control} type="number" inputMode="numeric" min={1} max={100} value={draft.max_attempts}
                  placeholder={String(chosen?.max_attempts ?? "")}
                  onChange={(event) => { change({ max_attempts: event.target.value }); }} />
              )}
            </Field>
            <Field label="Timeout in seconds" error={errors.timeout_seconds} hint="Of one attempt.">
              {(control) => (
                <input {...control} type="number" inputMode="decimal" min={0} step="any" value={draft.timeout_seconds}
                  placeholder={String(chosen?.timeout_seconds ?? "")}
                  onChange={(event) => { change({ timeout_seconds: event.target.value }); }} />
              )}
            </Field>
          </div>
        </div>
      </details>
    </>
  );
}
