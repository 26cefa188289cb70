import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./Button";
import styles from "./ConfirmDialog.module.css";

/** Why an order is not given twice. */
export const UNDER_WAY = "It is under way.";

interface Props {
  open: boolean;
  /** A question: "Kill worker-2?" */
  title: string;
  /** The verb: "Kill worker-2". */
  confirm: string;
  /** The way back; "Cancel" unless that is what the question is about. */
  dismiss?: string;
  danger?: boolean;
  /** Why it cannot be confirmed now. The button keeps the focus meanwhile. */
  refused?: string | null;
  onConfirm: () => void;
  onClose: () => void;
  /** What will happen. */
  children: ReactNode;
}

/**
 * Asks before something that cannot be undone. The browser's own modal dialog: it keeps the focus, closes on Escape and
 * makes the rest inert, without the style elements that dialog libraries inject and our CSP refuses.
 */
export function ConfirmDialog({ open, title, confirm, dismiss = "Cancel", danger = false, refused = null, onConfirm, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown === null || shown.open === open) return;
    if (open) shown.showModal();
    else shown.close();
  }, [open]);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={`${id}t`} aria-describedby={`${id}d`} onClose={onClose}>
      {open && (
        <>
          <h2 id={`${id}t`}>{title}</h2>
          <div id={`${id}d`} className={styles.body}>{children}</div>
          <div className={styles.buttons}>
            <Button onClick={() => dialog.current?.close()}>{dismiss}</Button>
            <Button look={danger ? "danger" : "primary"} refused={refused} onClick={onConfirm}>{confirm}</Button>
          </div>
        </>
      )}
    </dialog>
  );
}
