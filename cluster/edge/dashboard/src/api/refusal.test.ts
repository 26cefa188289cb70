import { expect, it } from "vitest";
import { refusalOf } from "./refusal";

const FIELDS = ["command", "payload", "priority", "scheduled_at", "count", "unique_key"];

it.each([
  ["priority: Expected `int` <= 100", "priority", "Expected `int` <= 100"],
  ["scheduled_at must be from 1970 to ten years ahead", "scheduled_at", "must be from 1970 to ten years ahead"],
  ["payload must not be nested deeper than 100 levels", "payload", "must not be nested deeper than 100 levels"],
  ["tasks[3]: command must begin with a letter", "command", "must begin with a letter"],
  ["Object missing required field `command`", "command", "is needed"],
  ["unique_key: must not hold NUL, line breaks or other control characters", "unique_key", "must not hold NUL, line breaks or other control characters"],
])("%s belongs to %s", (detail, field, message) => {
  expect(refusalOf(detail, FIELDS)).toEqual({ field, message });
});

it.each(["PostgreSQL does not answer; nothing was acknowledged", "queue: Expected `str`", "command"])(
  "%s belongs to the whole form",
  (detail) => {
    expect(refusalOf(detail, FIELDS)).toEqual({ field: null, message: detail });
  },
);
