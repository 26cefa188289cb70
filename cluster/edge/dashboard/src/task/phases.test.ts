import { expect, it } from "vitest";
import { phaseOf } from "./phases";
import { attempt } from "./task.fixture";
import type { Span } from "./timeline";

function span(facts: Partial<Span>): Span {
  return { phase: "earlier", from: 0, to: 1, open: false, attempt: null, ...facts };
}

it("a stretch is called by what the task did in it", () => {
  expect(phaseOf(span({ phase: "ready" }))).toEqual({ label: "Waiting for a slot", tone: "pending" });
});

it("an earlier attempt is called by how it ended", () => {
  const told = (outcome: string) => phaseOf(span({ attempt: attempt(1, outcome, { attempt: 2 }) })).label;
  expect(told("failed")).toBe("Attempt 2, waiting and running: failed");
  expect(told("dead")).toBe("Attempt 2: dead, until it was run again");
});
