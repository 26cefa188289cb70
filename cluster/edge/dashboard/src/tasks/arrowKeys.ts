import { type RefObject, useEffect } from "react";

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** Up and down go from a control of a row (`data-focus`) to the same one of the next row (`data-index`). */
export function useArrowKeys(table: RefObject<HTMLTableElement | null>): void {
  useEffect(() => {
    const watched = table.current;
    watched?.addEventListener("keydown", move);
    return () => { watched?.removeEventListener("keydown", move); };
  }, [table]);
}

function move(event: KeyboardEvent): void {
  const next = nextControl(event);
  if (next === null) return;
  event.preventDefault();
  next.focus();
}

function nextControl({ key, target, currentTarget }: KeyboardEvent): HTMLElement | null {
  const step = STEPS[key];
  if (step === undefined || !(target instanceof HTMLElement) || !(currentTarget instanceof HTMLElement)) return null;
  const row = target.closest<HTMLElement>("tr[data-index]");
  if (row === null || target.dataset.focus === undefined) return null;
  const index = Number(row.dataset.index) + step;
  return currentTarget.querySelector(`tr[data-index="${index}"] [data-focus="${target.dataset.focus}"]`);
}
