import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { useReadOnly } from "../api/queries";
import type { Offered } from "../api/types";
import { Button } from "../parts/Button";
import { Card } from "../parts/Card";
import { Failure } from "../parts/Feedback";
import { CommandField } from "./CommandField";
import styles from "./Create.module.css";
import { type Draft, inFields, manyTasks, oneTask } from "./draft";
import { HowFields } from "./HowFields";
import { newId } from "./newId";
import { PayloadFields } from "./PayloadFields";
import { signatureOf } from "./signature";
import { useOrder } from "./useOrder";
import { WhenFields } from "./WhenFields";

interface Props {
  many: boolean;
  offered: readonly Offered[];
  /** Why it is not known what the workers offer; then any command may be typed. */
  unknown: unknown;
  start: Draft;
}

/** State: what is typed, the id the task will get (a new one as soon as anything is changed), what is wrong with it. */
export function CreateForm({ many, offered, unknown, start }: Props) {
  const [draft, setDraft] = useState(() => ({ ...start, ...inFields(start, signatureOf(offering(offered, start))) }));
  const [taskId, setTaskId] = useState(newId);
  const readOnly = useReadOnly();
  const order = useOrder(taskId, () => { setTaskId(newId()); });
  const form = useFocusOnWrong(order.refusals);
  const chosen = offering(offered, draft);
  const signature = signatureOf(chosen);
  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setTaskId(newId());
    order.forget(Object.keys(part));
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (order.busy || readOnly !== null) return;
    if (many) order.many(manyTasks(draft, signature));
    else order.one(oneTask(draft, signature, taskId));
  };
  const fields = { draft, change, errors: order.errors };
  return (
    <form ref={form} className={styles.form} onSubmit={submit} noValidate aria-label={many ? "Many tasks" : "One task"}>
      <Card title="What to run">
        <div className={styles.fields}>
          {unknown !== null && <Failure error={unknown} />}
          <CommandField {...fields} offered={offered} chosen={chosen} />
          <PayloadFields {...fields} signature={signature} />
        </div>
      </Card>
      <Card title={many ? "How many, and when" : "When and how"}>
        <div className={styles.fields}>
          <WhenFields {...fields} many={many} />
          {!many && <HowFields {...fields} chosen={chosen} />}
        </div>
      </Card>
      <div className={styles.submit}>
        {order.problem && <Failure error={order.problem} />}
        <Button type="submit" look="primary" icon="create" refused={readOnly} aria-busy={order.busy}>
          {many ? "Create tasks" : "Create task"}
        </Button>
      </div>
    </form>
  );
}

function offering(offered: readonly Offered[], { command }: Draft): Offered | undefined {
  return offered.find((one) => one.command === command.trim());
}

/** After a refusal the focus goes to the first field that is wrong, where a reader hears what is. */
function useFocusOnWrong(refusals: number) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refusals === 0) return;
    const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid]");
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
  }, [refusals]);
  return form;
}
