// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { choose, followTheme } from "./theme";

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

function shown(): string | undefined {
  return document.documentElement.dataset.theme;
}

test("a choice is on the page at once, and the system's is no attribute", () => {
  choose("dark");
  expect(shown()).toBe("dark");
  choose("system");
  expect(shown()).toBeUndefined();
});

test("a choice is remembered, and followed when another tab makes it", () => {
  localStorage.setItem("taskmaster.theme", "light");
  followTheme();
  expect(shown()).toBe("light");
  localStorage.setItem("taskmaster.theme", "dark");
  window.dispatchEvent(new Event("storage"));
  expect(shown()).toBe("dark");
});

test("what was chosen is on the page before anything is drawn", async () => {
  choose("dark");
  delete document.documentElement.dataset.theme;
  // A script, which has no type as a module.
  const script = "./early";
  await import(script);
  expect(shown()).toBe("dark");
});

test("the browser's own frame has the colour of the choice", () => {
  const metas = ["light", "dark"].map((theme) => {
    const meta = Object.assign(document.createElement("meta"), { name: "theme-color" });
    meta.dataset.of = theme;
    return meta;
  });
  document.head.replaceChildren(...metas);
  const media = () => metas.map((meta) => meta.media);
  choose("dark");
  expect(media()).toEqual(["not all", "all"]);
  choose("system");
  expect(media()).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]);
});

test("where storage is forbidden a choice lasts as long as the page", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => { throw new DOMException("forbidden", "SecurityError"); });
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => { throw new DOMException("forbidden", "SecurityError"); });
  choose("dark");
  expect(shown()).toBe("dark");
});
