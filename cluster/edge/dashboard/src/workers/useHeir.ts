import { useEffect, useLayoutEffect, useRef } from "react";
import type { Worker } from "../api/types";
import type { Ending } from "./ending";
import { heirOf } from "./heir";

/** A worker and the button of its card that has the focus, or would have it. */
interface Place {
  name: string;
  way: Ending["way"];
}

/**
 * Keeps the focus on the page when the card that has it goes away with its worker: it goes to the same button of the next
 * card in `list`, or to `rest` when there is none. Otherwise it would fall to the document, and the keyboard begin anew.
 * State: whose card went with the focus, until the list without it is drawn; what was asked about last.
 */
export function useHeir(workers: readonly Worker[] | undefined, ending: Ending | null) {
  const list = useRef<HTMLDivElement>(null);
  const rest = useRef<HTMLParagraphElement>(null);
  const left = useRef<Place | null>(null);
  const asked = useRef<Ending | null>(null);
  const moveFrom = ({ name, way }: Place) => {
    const card = list.current?.children[heirOf(name, workers ?? [])];
    (card?.querySelector<HTMLElement>(`[data-way=${way}]`) ?? rest.current)?.focus();
  };
  useLayoutEffect(() => {
    if (left.current !== null) moveFrom(left.current);
    left.current = null;
  });
  // After the dialog's own effect: it has given the focus back by then, if what had it is still there.
  useEffect(() => {
    const before = asked.current;
    asked.current = ending;
    if (before !== null && ending === null && document.activeElement === document.body) {
      moveFrom({ name: before.worker.name, way: before.way });
    }
  });
  const onGone = (name: string, focused: Element) => {
    left.current = { name, way: focused.matches("[data-way=kill]") ? "kill" : "drain" };
  };
  return { list, rest, onGone };
}
