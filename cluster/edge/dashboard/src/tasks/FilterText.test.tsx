import { fireEvent, render, type RenderResult, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FilterText } from "./FilterText";

let rendered: RenderResult;
const onChange = vi.fn<(value: string) => void>();

const FIELD = <FilterText label="Queue" known={["images"]} value="" error={undefined} onChange={onChange} />;

function typed(text: string) {
  document.body.replaceChildren();
  rendered = render(FIELD);
  const input = screen.getByLabelText("Queue");
  fireEvent.change(input, { target: { value: text } });
  return input;
}

beforeEach(() => {
  vi.useFakeTimers();
  onChange.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
});

it("filters after a pause, not with every key", () => {
  typed(" images ");
  expect(onChange).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(onChange).toHaveBeenCalledExactlyOnceWith("images");
});

it("is not kept from it by what is drawn meanwhile", () => {
  typed("images");
  for (let drawn = 0; drawn < 4; drawn += 1) {
    vi.advanceTimersByTime(100);
    rendered.rerender(<FilterText label="Queue" known={["images", String(drawn)]} value="" error={undefined} onChange={onChange} />);
  }
  expect(onChange).toHaveBeenCalledExactlyOnceWith("images");
});

it("filters at once on Enter", () => {
  fireEvent.keyDown(typed("images"), { key: "Enter" });
  expect(onChange).toHaveBeenCalledWith("images");
});

it("offers what is known", () => {
  const list = typed("").getAttribute("list") ?? "";
  expect(document.getElementById(list)?.querySelector("option")?.value).toBe("images");
});
