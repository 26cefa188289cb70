/** Holding the log still while somebody reads: a pure piece of the activity page. */
import type { Log } from "../live/log";

/** What the page shows: the live log, or the one that was held. */
export interface Held {
  log: Log;
  /** A person pressed pause; otherwise scrolling down holds, and scrolling up lets go. */
  pressed: boolean;
}

/** How many rows the live log has got since it was held; none of them is lost while it keeps so many. */
export function newSince(held: Held, live: Log): number {
  return live.nextKey - held.log.nextKey;
}

/** After scrolling to `top` pixels below the newest row. */
export function afterScroll(held: Held | null, top: number, live: Log): Held | null {
  if (held === null) return top > 0 ? { log: live, pressed: false } : null;
  return top <= 0 && !held.pressed ? null : held;
}

/** After the button was pressed. */
export function afterPress(held: Held | null, live: Log): Held | null {
  return held === null ? { log: live, pressed: true } : null;
}
