/** Dark or light: what the system says, unless a person chose. State: the choice, in this browser's storage. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "taskmaster.theme";
const CHANGED = "taskmaster:theme";

let picked: Theme = "system";

/** Puts the choice on the page, where early.ts put the attribute already, and whenever another tab changes it. */
export function followTheme(): void {
  applyTheme();
  window.addEventListener("storage", applyTheme);
}

function applyTheme(): void {
  const theme = chosen();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  colourFrame(theme);
}

/** What browsers draw around a page, on a phone above all, gets the colour of the same theme. */
function colourFrame(theme: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    const own = meta.dataset.of ?? "";
    if (theme === "system") meta.media = `(prefers-color-scheme: ${own})`;
    else meta.media = own === theme ? "all" : "not all";
  }
}

export function choose(theme: Theme): void {
  picked = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page does.
  }
  applyTheme();
  window.dispatchEvent(new Event(CHANGED));
}

export function useTheme(): Theme {
  return useSyncExternalStore(onChange, chosen);
}

/** Whether the page is dark now, and again whenever that changes: canvases have to be drawn anew. */
export function useDark(): boolean {
  return useSyncExternalStore(onChange, isDark);
}

function isDark(): boolean {
  const theme = chosen();
  return theme === "dark" || (theme === "system" && system().matches);
}

function chosen(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return picked;
  }
}

function onChange(listener: () => void): () => void {
  const media = system();
  media.addEventListener("change", listener);
  window.addEventListener(CHANGED, listener);
  window.addEventListener("storage", listener);
  return () => {
    media.removeEventListener("change", listener);
    window.removeEventListener(CHANGED, listener);
    window.removeEventListener("storage", listener);
  };
}

function system(): MediaQueryList {
  return window.matchMedia("(prefers-color-scheme: dark)");
}
