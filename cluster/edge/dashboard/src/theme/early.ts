/*
 * Puts the choice of a theme on the page before anything is drawn: the page's module comes later, and what was drawn
 * until then would flash. A classic script in the head, so it imports nothing; key and attribute are those of theme.ts.
 */
try {
  const kept = localStorage.getItem("taskmaster.theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // Storage may be forbidden; then nothing was kept.
}
