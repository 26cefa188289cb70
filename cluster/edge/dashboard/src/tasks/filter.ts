import type { Status } from "../api/types";

/** What people filter by: a status, or one of the finer states. */
export const STATUSES = ["QUEUED", "STARTED", "COMPLETE", "FAILED", "CANCELLED"] as const satisfies readonly Status[];
export const STATES = [
  "scheduled", "ready", "leased", "running", "parked", "isolated", "paused", "complete", "failed", "dead", "quarantined",
  "cancelled",
] as const;
export const SORTS = ["-scheduled_at", "scheduled_at"] as const;
export const PAGE_SIZES = [50, 100, 250, 500] as const;

export type StatusOrState = (typeof STATUSES)[number] | (typeof STATES)[number];
export type Sort = (typeof SORTS)[number];

/** Empty texts do not filter. `from`, `to`: instants, or `-15m`, so long before now; by when tasks are due. */
export interface Filter {
  readonly status: StatusOrState | "";
  readonly queue: string;
  readonly command: string;
  readonly worker: string;
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Everything the address says. `cursor`: where the page begins; empty for the first one. `at`: the moment from which
 * `-15m` counts back, milliseconds since the epoch; null for now. A cursor is of one list, so its times must stand still.
 */
export interface Place {
  readonly filter: Filter;
  readonly sort: Sort;
  readonly size: number;
  readonly cursor: string;
  readonly at: number | null;
}

export const NO_FILTER: Filter = { status: "", queue: "", command: "", worker: "", id: "", from: "", to: "" };
export const START: Place = { filter: NO_FILTER, sort: "-scheduled_at", size: 100, cursor: "", at: null };

const TEXTS = ["queue", "command", "worker", "id", "from", "to"] as const satisfies readonly (keyof Filter)[];
const AGO = /^-(\d+)([mhd])$/;
const MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What an address asks for; what it says wrongly is left out. */
export function placeOf(search: string): Place {
  const asked = new URLSearchParams(search);
  const given = (name: string) => asked.get(name)?.trim() ?? "";
  const filter: Record<string, string> = { ...NO_FILTER, status: oneOf([...STATUSES, ...STATES], given("status")) ?? "" };
  for (const name of TEXTS) filter[name] = given(name);
  for (const name of ["from", "to"]) if (instantOf(filter[name] ?? "", 0) === null) filter[name] = "";
  const at = Number(given("at"));
  return {
    filter: filter as unknown as Filter,
    sort: oneOf(SORTS, given("sort")) ?? START.sort,
    size: oneOf(PAGE_SIZES, Number(given("size"))) ?? START.size,
    cursor: given("cursor"),
    at: given("cursor") !== "" && Number.isSafeInteger(at) && at > 0 ? at : null,
  };
}

/** The query of the address, without `?`; what is as usual is left out. */
export function searchOf({ filter, sort, size, cursor, at }: Place): string {
  const search = new URLSearchParams();
  for (const name of ["status", ...TEXTS] as const) if (filter[name]) search.set(name, filter[name]);
  if (sort !== START.sort) search.set("sort", sort);
  if (size !== START.size) search.set("size", String(size));
  if (cursor) search.set("cursor", cursor);
  if (cursor && at !== null) search.set("at", String(at));
  return search.toString();
}

/** The parameters of GET /api/tasks. `now`: milliseconds since the epoch. */
export function queryOf({ filter, sort, size, cursor, at }: Place, now: number): Record<string, string | number> {
  if (filter.id !== "") return { id: filter.id, limit: size };
  return { ...selectionOf(filter, at ?? now), sort, limit: size, ...(cursor && { cursor }) };
}

/** The filter with a part of it changed. Who knows the id asks for nothing else, and the API takes nothing else. */
export function withPart(filter: Filter, part: Partial<Filter>): Filter {
  return part.id ? { ...NO_FILTER, id: part.id } : { ...filter, id: "", ...part };
}

/** The filters as the API names them but for the id, only those that are given. */
export function selectionOf(filter: Filter, now: number): Record<string, string> {
  const { status, queue, command, worker } = filter;
  const instants = { scheduled_from: instantOf(filter.from, now), scheduled_to: instantOf(filter.to, now) };
  const given = Object.entries({ status, queue, command, worker, ...instants });
  return Object.fromEntries(given.filter((pair): pair is [string, string] => Boolean(pair[1])));
}

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== "");
}

/** ISO 8601 in UTC; empty for none, null for what is no time. */
function instantOf(text: string, now: number): string | null {
  if (text === "") return "";
  const [, amount, unit] = AGO.exec(text) ?? [];
  const time = amount && unit ? now - Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS] : Date.parse(text);
  return Number.isFinite(time) && Math.abs(time) < 8.64e15 ? new Date(time).toISOString() : null;
}

function oneOf<T>(values: readonly T[], value: unknown): T | null {
  return values.find((one) => one === value) ?? null;
}
