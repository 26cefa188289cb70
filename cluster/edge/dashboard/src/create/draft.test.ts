import { describe, expect, it } from "vitest";
import { asJson, draftLike, inFields, manyTasks, NEW, oneTask } from "./draft";
import { task } from "../task/task.fixture";
import { signatureOf } from "./signature";

const ANY = signatureOf(undefined);
const SIZED = signatureOf({
  parameters: [{ name: "size", required: true, type: "integer", default: null, schema: { type: "integer" } }],
  open: false,
});

describe("one task", () => {
  it("says only what was filled in", () => {
    expect(oneTask({ ...NEW, command: " noop " }, ANY, "id-1")).toEqual({ value: { task_id: "id-1", command: "noop" } });
  });

  it("says all that was filled in, with its types", () => {
    const draft = {
      ...NEW, command: "resize", texts: { size: "3" }, when: "delay", delay_seconds: "1.5", queue: "images", priority: "-5",
      max_attempts: "2", timeout_seconds: "0.5", unique_key: "a b",
    } as const;
    expect(oneTask(draft, SIZED, "id-1")).toEqual({
      value: {
        task_id: "id-1", command: "resize", payload: { size: 3 }, delay_seconds: 1.5, queue: "images", priority: -5,
        max_attempts: 2, timeout_seconds: 0.5, unique_key: "a b",
      },
    });
  });

  it("is due at a local time, told in UTC", () => {
    const local = "2030-01-31T12:00";
    const draft = { ...NEW, command: "noop", when: "at", scheduled_at: local } as const;
    expect(oneTask(draft, ANY, "id-1")).toHaveProperty("value.scheduled_at", new Date(local).toISOString());
  });

  it("takes the payload as JSON where no signature names a field", () => {
    expect(oneTask({ ...NEW, command: "noop", payload: '{"a": 1}' }, ANY, "id-1")).toHaveProperty("value.payload", { a: 1 });
    expect(oneTask({ ...NEW, command: "resize", texts: { size: "1" }, payload: "{}" }, SIZED, "id-1")).toHaveProperty("value.payload", { size: 1 });
  });

  it("is refused where a field cannot be read, each error at its own", () => {
    const draft = { ...NEW, command: "resize", when: "at", priority: "high" } as const;
    expect(oneTask(draft, SIZED, "id-1")).toEqual({
      errors: { "payload.size": "is needed", scheduled_at: "choose a day and a time", priority: "must be a number" },
    });
    expect(oneTask({ ...NEW, asJson: true, payload: "[]" }, SIZED, "id-1")).toHaveProperty("errors.payload");
  });
});

describe("many tasks", () => {
  it("are one task so many times, after a delay", () => {
    const draft = { ...NEW, command: "noop", count: "1000", when: "delay", asJson: true, payload: '{"a": 1}' } as const;
    expect(manyTasks(draft, ANY)).toEqual({ value: { count: 1000, delay_seconds: 60, command: "noop", payload: { a: 1 } } });
  });

  it("are at least counted; how many are allowed is the server's to say", () => {
    expect(manyTasks({ ...NEW, count: " " }, ANY)).toHaveProperty("errors.count");
    expect(manyTasks({ ...NEW, count: "5000" }, ANY)).toHaveProperty("value.count", 5000);
  });
});

describe("a payload is the same in fields and as JSON", () => {
  const typed = { ...NEW, command: "resize", asJson: true, payload: '{"size": 3}' };

  it("there and back", () => {
    const fields = { ...typed, ...inFields(typed, SIZED) };
    expect(fields).toMatchObject({ asJson: false, texts: { size: "3" } });
    expect(JSON.parse(asJson(fields, SIZED).payload)).toEqual({ size: 3 });
  });

  it("unless the fields cannot say it", () => {
    expect(inFields({ ...typed, payload: '{"colour": 1}' }, SIZED)).toBeNull();
    expect(inFields(typed, ANY)).toBeNull();
  });
});

it("a draft like another task has what it was given, but for its time and its unique key", () => {
  const given = { command: "resize", payload: { size: 3 }, queue: "images", priority: -5, max_attempts: 2, unique_key: "k" };
  const draft = draftLike(task(given));
  expect(oneTask(draft, ANY, "id-1")).toEqual({
    value: { task_id: "id-1", command: "resize", payload: { size: 3 }, queue: "images", priority: -5, max_attempts: 2 },
  });
});
