import { type RefObject, useLayoutEffect, useState } from "react";

/** Where the rows of a table begin in the document, in CSS pixels: it is the window that scrolls, not a box in it. */
export function useTop(table: RefObject<HTMLTableElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      const body = table.current?.tBodies[0];
      if (body) setTop(Math.round(body.getBoundingClientRect().top + window.scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => { observer.disconnect(); };
  }, [table]);
  return top;
}
