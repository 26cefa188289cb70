import { describe, expect, it } from "vitest";
import { isFiltered, NO_FILTER, placeOf, queryOf, searchOf, selectionOf, START, type Place, withPart } from "./filter";

const NOW = Date.parse("2030-01-31T12:00:00Z");

describe("the address of the table", () => {
  it("is bare when everything is as usual", () => {
    expect(searchOf(START)).toBe("");
    expect(placeOf("")).toEqual(START);
  });

  it("says all of a place and is read back as the same place", () => {
    const place: Place = {
      filter: {
        status: "FAILED", queue: "a/b", command: "x&y=z", worker: "w 1", id: "0192", from: "-15m", to: "2030-01-31T10:00:00.000Z",
      },
      sort: "scheduled_at",
      size: 250,
      cursor: "abc",
      at: NOW,
    };
    expect(placeOf(`?${searchOf(place)}`)).toEqual(place);
  });

  it.each(["status=BORING", "sort=priority", "size=7", "from=soon", "to=-5y", "whatever=1"])("ignores %s", (search) => {
    expect(placeOf(search)).toEqual(START);
  });
});

describe("what is asked of the server", () => {
  it("is the first page, newest first, when nothing is said", () => {
    expect(queryOf(START, NOW)).toEqual({ sort: "-scheduled_at", limit: 100 });
  });

  it("is an id, and then nothing else", () => {
    const filter = withPart({ ...NO_FILTER, queue: "images" }, { id: "0192f0a0" });
    expect(queryOf({ ...START, filter }, NOW)).toEqual({ id: "0192f0a0", limit: 100 });
    expect(withPart(filter, { queue: "images" })).toEqual({ ...NO_FILTER, queue: "images" });
  });

  it("counts times before now from now", () => {
    expect(selectionOf({ ...NO_FILTER, from: "-1h" }, NOW)).toEqual({ scheduled_from: "2030-01-31T11:00:00.000Z" });
  });

  it("counts them from the same moment on every page of one list", () => {
    const place = { ...START, filter: { ...NO_FILTER, from: "-1h" }, cursor: "abc", at: NOW };
    expect(queryOf(place, NOW + 5_000)).toMatchObject({ scheduled_from: "2030-01-31T11:00:00.000Z" });
    expect(placeOf("at=5")).toEqual(START);
  });

  it("is told a local time in UTC", () => {
    const local = "2030-01-31T10:00";
    expect(selectionOf({ ...NO_FILTER, to: local }, NOW)).toEqual({ scheduled_to: new Date(local).toISOString() });
  });
});

it("any filter counts", () => {
  expect(isFiltered(NO_FILTER)).toBe(false);
  expect(isFiltered({ ...NO_FILTER, id: "0" })).toBe(true);
});
