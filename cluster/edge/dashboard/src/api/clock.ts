/** The server's time, for everything that says how long ago something was. State: how far its clock is ahead of ours. */
const HALF_SECOND_MS = 500;
/** A Date header is good to a second; clocks closer than this are taken for the same. */
const SAME_MS = 2_000;

let aheadMs = 0;

/** Learns from the Date header of an answer. */
export function heardDate(date: string | null): void {
  const difference = date === null ? Number.NaN : Date.parse(date) + HALF_SECOND_MS - Date.now();
  if (!Number.isNaN(difference)) aheadMs = Math.abs(difference) > SAME_MS ? difference : 0;
}

/** Milliseconds since the epoch. */
export function serverNow(): number {
  return Date.now() + aheadMs;
}
