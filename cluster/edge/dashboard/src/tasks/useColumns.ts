import { useSyncExternalStore } from "react";
import { type Column, COLUMNS } from "./columns";

const ROOM = { phone: null, tablet: window.matchMedia("(min-width: 48rem)"), desk: window.matchMedia("(min-width: 75rem)") };
const FITTING = new Map<string, readonly Column[]>();

/** The columns that the window has room for. */
export function useColumns(): readonly Column[] {
  const room = useSyncExternalStore(onChange, () => `${Number(ROOM.tablet.matches)}${Number(ROOM.desk.matches)}`);
  const fitting = FITTING.get(room) ?? COLUMNS.filter(({ from }) => ROOM[from]?.matches ?? true);
  FITTING.set(room, fitting);
  return fitting;
}

function onChange(listener: () => void): () => void {
  const queries = [ROOM.tablet, ROOM.desk];
  for (const query of queries) query.addEventListener("change", listener);
  return () => { for (const query of queries) query.removeEventListener("change", listener); };
}
