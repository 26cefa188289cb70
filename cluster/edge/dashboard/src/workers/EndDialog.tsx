import { useMutation } from "@tanstack/react-query";
import { ConfirmDialog, UNDER_WAY } from "../parts/ConfirmDialog";
import { toast, toastProblem } from "../parts/toast";
import { end, type Ending, wordsOf } from "./ending";

/** Asks before a worker is ended, and tells what came of it. */
export function EndDialog({ ending, onClose }: { ending: Ending | null; onClose: () => void }) {
  const order = useMutation({
    mutationFn: end,
    onSuccess: (_answer, ended) => { toast({ tone: "good", title: wordsOf(ended).ordered }); },
    onError: (error, ended) => { toastProblem(wordsOf(ended).refused, error); },
    onSettled: onClose,
  });
  const words = ending && wordsOf(ending);
  return (
    <ConfirmDialog
      open={ending !== null}
      title={words?.question ?? ""}
      confirm={words?.verb ?? ""}
      danger={ending?.way === "kill"}
      refused={order.isPending ? UNDER_WAY : null}
      onConfirm={() => { if (ending) order.mutate(ending); }}
      onClose={onClose}
    >
      {words?.consequences.map((sentence) => <p key={sentence}>{sentence}</p>)}
    </ConfirmDialog>
  );
}
