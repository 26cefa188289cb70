import { Button } from "./Button";
import { toast } from "./toast";

/** Copies a text. Absent where browsers forbid it: on pages that came over plain HTTP from another machine. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  // The type says it is always there; it is undefined without a secure context.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard === undefined) return null;
  const copy = () => {
    clipboard.writeText(text).then(
      () => { toast({ tone: "info", title: "Copied" }); },
      () => { toast({ tone: "bad", title: "Not copied", detail: "The browser refused it." }); },
    );
  };
  return <Button look="quiet" onClick={copy}>{label}</Button>;
}
