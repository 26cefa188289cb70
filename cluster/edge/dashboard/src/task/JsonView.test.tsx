import { fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import { JsonView } from "./JsonView";

const shown = () => screen.getByRole("region", { name: "Payload as JSON" }).textContent;

beforeEach(() => {
  document.body.replaceChildren();
});

it("secrets are hidden until somebody asks for them, and hidden again", () => {
  render(<JsonView title="Payload" value={{ user: "ada", password: "hunter2" }} />);
  expect(shown()).not.toContain("hunter2");
  fireEvent.click(screen.getByRole("button", { name: "Show 1 secret" }));
  expect(shown()).toContain("hunter2");
  fireEvent.click(screen.getByRole("button", { name: "Hide secrets" }));
  expect(shown()).not.toContain("hunter2");
});

it("markup is text", () => {
  render(<JsonView title="Payload" value={{ "<b>": "<script>alert(1)</script>" }} />);
  expect(shown()).toContain('"<b>": "<script>alert(1)</script>"');
  expect(document.querySelector("script, b")).toBeNull();
});

it("what is long is shown in part, then whole", () => {
  render(<JsonView title="Payload" value={Array.from({ length: 100 }, (_, index) => index)} />);
  expect(shown()).not.toContain("99");
  fireEvent.click(screen.getByRole("button", { name: "Show all 102 lines" }));
  expect(shown()).toContain("99");
});
