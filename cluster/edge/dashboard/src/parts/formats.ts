/** Numbers and times as text: in English, as the page is, by the 24 hours of the reader's own time zone. */
const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const precise = new Intl.DateTimeFormat(LOCALE, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const full = new Intl.DateTimeFormat(LOCALE, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  timeZoneName: "short",
});

export const NOTHING = "–";

/** 12,345 */
export function count(value: number): string {
  return whole.format(value);
}

/** 12.3K, where room is short. */
export function shortCount(value: number): string {
  return compact.format(value);
}

/** `1 task`, `2 tasks`, `3 times` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Events per second, with a decimal while it matters. */
export function rate(perSecond: number): string {
  return perSecond < 100 ? tenth.format(perSecond) : whole.format(perSecond);
}

/** `4.2 ms`, `850 ms`, `1.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${tenth.format(milliseconds)} ms`;
  if (milliseconds < 999.5) return `${whole.format(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${tenth.format(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3_600) return two(rounded, 60, "min", 1, "s");
  if (rounded < 86_400) return two(rounded, 3_600, "h", 60, "min");
  return two(rounded, 86_400, "d", 3_600, "h");
}

function two(value: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((value % big) / small);
  return `${Math.floor(value / big)} ${bigUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ""}`;
}

/** `512 B`, `61.2 MB` (powers of 1,000, as disks are sold) */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${tenth.format(value / 1000 ** power)} ${units[power] ?? ""}`;
}

/** 14:03:05 */
export function time(instant: string | number | Date): string {
  return clock.format(new Date(instant));
}

/** 14:03:05.123 */
export function preciseTime(instant: string | number | Date): string {
  return precise.format(new Date(instant));
}

/** 22 Nov 2026, 14:03:05 UTC */
export function dateTime(instant: string | number | Date): string {
  return full.format(new Date(instant));
}

/** `just now`, `12 s ago`, `in 5 min`; `now` in milliseconds since the epoch. */
export function ago(instant: string | number | Date, now: number): string {
  const milliseconds = now - new Date(instant).getTime();
  const size = Math.abs(milliseconds);
  if (size < 1_500) return "just now";
  const coarse = size < 60_000 ? Math.round(size / 1000) * 1000 : Math.floor(size / 60_000) * 60_000;
  return milliseconds > 0 ? `${duration(coarse)} ago` : `in ${duration(coarse)}`;
}

/** The part of a UUID v7 that tells neighbours apart: its end. */
export function shortId(id: string): string {
  return id.slice(-8);
}
