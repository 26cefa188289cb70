import type { Changes } from "../api/types";
import { ConfirmDialog, UNDER_WAY } from "../parts/ConfirmDialog";
import { Failure, Loading } from "../parts/Feedback";
import { plural } from "../parts/formats";
import type { Action } from "./steering";
import { reasonsOf, usePreview, useSteering } from "./useSteering";

/** An order to confirm, fixed when it was asked for: a filter that counts from now means what was counted. */
export interface Asked {
  readonly action: Action;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Props {
  asked: Asked | null;
  onClose: () => void;
  onDone: () => void;
}

const WHAT = {
  cancel: "What is running is stopped, what waits never runs. Cancelled tasks can be run again.",
  retry: "They are ready at once, with all their attempts before them.",
};

/** Says how many tasks an order would change, and asks. */
export function SteerDialog({ asked, onClose, onDone }: Props) {
  const preview = usePreview(asked);
  const steering = useSteering(onDone);
  const fitting = preview.data?.count ?? 0;
  const tasks = preview.data ? plural(fitting, "task") : "tasks";
  const cancels = asked?.action === "cancel";
  return (
    <ConfirmDialog
      open={asked !== null}
      title={cancels ? `Cancel ${tasks}?` : `Run ${tasks} again?`}
      confirm={cancels ? `Cancel ${tasks}` : `Run ${tasks} again`}
      dismiss="Back"
      danger={cancels}
      refused={steering.isPending ? UNDER_WAY : fitting === 0 ? "There is nothing to change." : null}
      onConfirm={() => { if (asked) steering.mutate(asked); }}
      onClose={onClose}
    >
      {preview.isPending && <Loading lines={2} label="Counting" />}
      {preview.error && <Failure error={preview.error} onRetry={() => void preview.refetch()} />}
      {asked && preview.data && <Preview action={asked.action} changes={preview.data} />}
    </ConfirmDialog>
  );
}

function Preview({ action, changes }: { action: Action; changes: Changes }) {
  const reasons = reasonsOf(changes);
  return (
    <>
      <p>
        {changes.count === 0
          ? "None of them can be changed."
          : `${plural(changes.count, "task")} will ${action === "cancel" ? "be cancelled" : "run again"}${changes.more ? ", the first ones of more that match" : ""}.`}
        {" "}
        {changes.count > 0 && WHAT[action]}
      </p>
      {reasons.length > 0 && (
        <>
          <p>These stay as they are:</p>
          <ul>{reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul>
        </>
      )}
    </>
  );
}
