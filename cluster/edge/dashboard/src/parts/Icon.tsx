/** Line icons of 16 units, drawn in the colour of the text. They repeat what is written, so readers skip them. */
const PATHS = {
  overview: "M2.5 13.5v-5m3.7 5v-8m3.6 8V7m3.7 6.5v-11",
  tasks: "M2.5 4h1m2.5 0h7.5m-11 4h1M6 8h7.5m-11 4h1M6 12h7.5",
  create: "M8 3v10M3 8h10",
  workers: "M3 2.5h10v4H3zm0 7h10v4H3zM5.5 4.5h.01m-.01 7h.01",
  activity: "M1.5 8.5h3L6.5 3l3 10 2-4.5h3",
  tour: "M3 13.5v-11m0 .5h9l-2 2.75 2 2.75H3",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2 1.3",
  play: "M5 3.2v9.6l7.5-4.8Z",
  check: "m3 8.5 3.2 3.2L13 4.8",
  cross: "m4 4 8 8m0-8-8 8",
  ban: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM4.2 4.2l7.6 7.6",
  calendar: "M2.5 4h11v9.5h-11zm0 3h11M5.5 2.3V5m5-2.7V5",
  parked: "M5.5 13.5v-11h3.2a3.1 3.1 0 0 1 0 6.2H5.5",
  shield: "M8 2 3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4Zm0 4v2.7m0 2.1v.01",
  arrow: "M3 8h10m-3.5-3.5L13 8l-3.5 3.5",
  pause: "M5.5 3.5v9m5-9v9",
  warning: "M8 2.5 1.8 13.3h12.4Zm0 4v3.2m0 2v.01",
  info: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 7.5v3m0-5.2v.01",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9",
  moon: "M13 9.6A5.5 5.5 0 0 1 6.4 3a5.5 5.5 0 1 0 6.6 6.6Z",
  screen: "M2 3h12v8H2zm4 10.5h4M8 11v2.5",
  lock: "M4 7.5h8v6H4zm1.8 0V5.2a2.2 2.2 0 0 1 4.4 0v2.3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.3 7.8 3.2 3.2",
  drain: "M8 2.5S4 7 4 9.8a4 4 0 0 0 8 0C12 7 8 2.5 8 2.5Z",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
