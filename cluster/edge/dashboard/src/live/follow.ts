import { type Frame, FrameReader } from "./frames";

/** The edge sends at least a comment every 5 s; a stream this quiet is dead, whatever the network says. */
const SILENCE_MS = 12_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

export interface Listener {
  /** The stream is open. */
  live: () => void;
  /** Something arrived: events, or (none) the proof that it is alive. */
  heard: (frames: Frame[]) => void;
  /** The stream ended or could not be opened; another try follows. */
  lost: () => void;
}

/**
 * Reads the stream until `stop`, reconnecting with the id of the last event, so that the server leaves nothing out.
 * `last`: the id to go on after, "" for the backlog.
 */
export async function follow(url: string, last: string, listener: Listener, stop: AbortSignal): Promise<void> {
  let failures = 0;
  const heard = (frames: Frame[]) => {
    failures = 0;
    last = frames.findLast((frame) => frame.id !== "")?.id ?? last;
    listener.heard(frames);
  };
  for (;;) {
    // Why it ended is of no use to anybody: whatever it was, the remedy is the next try.
    await readOnce(url, last, { ...listener, heard }, stop).catch(() => undefined);
    if (stop.aborted) return;
    listener.lost();
    await pause(delayAfter(failures++), stop);
  }
}

/** Milliseconds until the next try: longer each time, and scattered, for a thousand pages lose the same server at once. */
export function delayAfter(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return longest * (0.5 + random() / 2);
}

/** Returns, or throws, when this connection is over. */
async function readOnce(url: string, last: string, listener: Listener, stop: AbortSignal): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => { silence.abort(); }, SILENCE_MS);
  try {
    const headers = { accept: "text/event-stream", ...(last && { "last-event-id": last }) };
    const response = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.any([stop, silence.signal]) });
    if (!response.ok || response.body === null) return;
    listener.live();
    const frames = new FrameReader();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => { silence.abort(); }, SILENCE_MS);
      listener.heard(frames.push(read.value));
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    stop.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
