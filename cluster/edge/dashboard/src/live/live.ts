import type { Event } from "../api/types";
import { follow } from "./follow";
import type { Frame } from "./frames";
import { append, EMPTY, type Log, type Told, understood } from "./log";

const BATCH_MS = 250;
/** What may wait for the next batch; a page that was frozen longer has a gap, not a heap. */
const WAITING_MOST = 20_000;
/** A page nobody looks at gives its connection back after this long: browsers have six of them for a server. */
const HIDDEN_MS = 5 * 60_000;

export type Phase = "connecting" | "live" | "lost";

export interface Connection {
  phase: Phase;
  /** When this phase began, milliseconds since the epoch. */
  since: number;
  /** When the server was last heard; null until it was. */
  heard: number | null;
}

type Listener = () => void;
type BatchListener = (events: readonly Event[]) => void;

/**
 * The one stream of the page. What arrives is gathered and told in batches, four a second: a hundred thousand tasks
 * are a few hundred renders. State: the connection, the log, and what waits for the next batch.
 */
export class Live {
  connection: Connection = { phase: "connecting", since: Date.now(), heard: null };
  log: Log = EMPTY;
  private waiting: Told[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private hiding: ReturnType<typeof setTimeout> | null = null;
  private running: AbortController | null = null;
  private readonly url: string;
  private readonly listeners = new Set<Listener>();
  private readonly batchListeners = new Set<BatchListener>();

  constructor(url: string) {
    this.url = url;
  }

  start(): void {
    document.addEventListener("visibilitychange", this.onVisibility);
    this.open();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.onVisibility);
    if (this.hiding !== null) clearTimeout(this.hiding);
    this.close();
  }

  /** Called after each batch and each change of the connection. */
  readonly subscribe = (listener: Listener): Listener => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Called with the events of each batch, oldest first. */
  readonly onBatch = (listener: BatchListener): Listener => {
    this.batchListeners.add(listener);
    return () => this.batchListeners.delete(listener);
  };

  private open(): void {
    if (this.running !== null) return;
    this.running = new AbortController();
    this.enter("connecting");
    const { last } = this.log;
    void follow(this.url, last === null ? "" : `${last.life}-${last.number}`, {
      live: () => { this.enter("live"); },
      heard: (frames) => { this.take(frames); },
      lost: () => { this.enter("lost"); },
    }, this.running.signal);
  }

  private close(): void {
    this.running?.abort();
    this.running = null;
  }

  private enter(phase: Phase): void {
    const now = Date.now();
    const before = this.connection;
    this.connection = {
      phase,
      since: before.phase === phase ? before.since : now,
      heard: phase === "live" ? now : before.heard,
    };
    this.tell();
  }

  private take(frames: Frame[]): void {
    this.connection.heard = Date.now();
    for (const frame of frames) {
      const told = understood(frame);
      if (told !== null) this.waiting.push(told);
    }
    if (this.waiting.length > WAITING_MOST) this.waiting = this.waiting.slice(-WAITING_MOST);
    if (this.waiting.length > 0) this.timer ??= setTimeout(this.flush, BATCH_MS);
  }

  private readonly flush = (): void => {
    this.timer = null;
    const told = this.waiting;
    this.waiting = [];
    this.log = append(this.log, told);
    const events = told.flatMap((item) => (item.kind === "event" ? [item.event] : []));
    for (const listener of this.batchListeners) listener(events);
    this.tell();
  };

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private readonly onVisibility = (): void => {
    if (this.hiding !== null) clearTimeout(this.hiding);
    this.hiding = null;
    if (document.hidden) this.hiding = setTimeout(() => { this.close(); }, HIDDEN_MS);
    else this.open();
  };
}
