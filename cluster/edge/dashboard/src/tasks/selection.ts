/** Which rows are selected: these, or whatever fits the filter. `anchor`: where a range begins that Shift extends. */
export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly all: boolean;
  readonly anchor: string | null;
}

export const NOTHING: Selection = { ids: new Set(), all: false, anchor: null };

/** One row on or off; `extend`: all rows from the anchor to this one become what this one becomes. */
export function toggled(selection: Selection, rows: readonly string[], id: string, extend: boolean): Selection {
  const ids = new Set(selection.ids);
  const on = !ids.has(id);
  for (const one of extend ? between(rows, selection.anchor, id) : [id]) {
    if (on) ids.add(one);
    else ids.delete(one);
  }
  return { ids, all: false, anchor: id };
}

/** All rows of the page, or none if all of them are selected. */
export function toggledPage(selection: Selection, rows: readonly string[]): Selection {
  return coverage(selection, rows) === "all" ? NOTHING : { ids: new Set(rows), all: false, anchor: null };
}

export function coverage({ ids }: Selection, rows: readonly string[]): "none" | "some" | "all" {
  const selected = rows.filter((id) => ids.has(id)).length;
  if (selected === 0) return "none";
  return selected === rows.length ? "all" : "some";
}

export function isNothing({ ids, all }: Selection): boolean {
  return ids.size === 0 && !all;
}

function between(rows: readonly string[], from: string | null, to: string): readonly string[] {
  const [first, last] = [from === null ? -1 : rows.indexOf(from), rows.indexOf(to)].sort((a, b) => a - b);
  return first === undefined || last === undefined || first < 0 ? [to] : rows.slice(first, last + 1);
}
