import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Field } from "./Field";

it("the label, the hint and the error belong to the control", () => {
  render(<Field label="Priority" hint="Higher runs first" error="must be a number">{(control) => <input {...control} />}</Field>);
  const input = screen.getByLabelText("Priority");
  expect(input.getAttribute("aria-invalid")).toBe("true");
  const texts = input.getAttribute("aria-describedby")?.split(" ").map((id) => document.getElementById(id)?.textContent);
  expect(texts).toEqual(["Higher runs first", "must be a number"]);
});
