import { useLocation, useSearch } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import { type Filter, type Place, placeOf, searchOf, withPart } from "./filter";

/** The cursors of the pages before this one, oldest first; the first page has the empty one. */
type Trail = readonly string[];

const FIRST = { cursor: "", at: null };

/** Where in the list of tasks the page is. All of it is in the address; the way there is in the browser's history. */
export function usePlace() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const trail = trailOf(useHistoryState());
  const place = placeOf(search);
  const go = (next: Place, way: Trail, replace = false) => {
    const query = searchOf(next);
    navigate(query ? `/tasks?${query}` : "/tasks", { replace, state: { trail: way } });
  };
  return {
    place,
    /** Changes with everything that makes it another list. */
    key: searchOf(place),
    /** From 1; null when the address named a page and nobody knows how many are before it. */
    page: place.cursor === "" ? 1 : trail.length > 0 ? trail.length + 1 : null,
    filterBy: (part: Partial<Filter>) => { go({ ...place, filter: withPart(place.filter, part), ...FIRST }, [], true); },
    arrange: (part: Pick<Partial<Place>, "sort" | "size">) => { go({ ...place, ...part, ...FIRST }, [], true); },
    /** `at`: when this page was asked for. */
    next: (cursor: string, at: number) => { go({ ...place, cursor, at: place.at ?? at }, [...trail, place.cursor]); },
    previous: place.cursor === "" ? null : () => {
      go({ ...place, ...(trail.at(-1) ? { cursor: trail.at(-1) ?? "" } : FIRST) }, trail.slice(0, -1));
    },
  };
}

export type PlaceControl = ReturnType<typeof usePlace>;

function trailOf(state: unknown): Trail {
  if (typeof state !== "object" || state === null || !("trail" in state) || !Array.isArray(state.trail)) return [];
  return state.trail.filter((cursor) => typeof cursor === "string");
}
