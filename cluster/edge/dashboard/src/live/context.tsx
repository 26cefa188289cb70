import { useQueryClient } from "@tanstack/react-query";
import {
  createContext, type ReactNode, startTransition, use, useEffect, useEffectEvent, useState, useSyncExternalStore,
} from "react";
import type { Event } from "../api/types";
import { type Connection, Live } from "./live";
import type { Log } from "./log";
import { Refresher } from "./refresh";

const STREAM = "/api/logs/stream";

const LiveContext = createContext<Live | null>(null);

/** Opens the page's one stream, and keeps the query cache fresh from it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [live] = useState(() => new Live(STREAM));
  useEffect(() => {
    const refresher = new Refresher(cache);
    const ends = [refresher.watch(live), () => { refresher.stop(); }, () => { live.stop(); }];
    live.start();
    return () => { for (const end of ends) end(); };
  }, [cache, live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** Whether the page is live, and since when it is not. */
export function useConnection(): Connection {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, () => live.connection);
}

/**
 * What happened, oldest first, bounded; changes four times a second at most. Rows are many and wait for whatever a
 * person does: they are drawn as a transition, a few milliseconds at a time, so that no frame pays for all of them.
 */
export function useLog(): Log {
  const live = useLive();
  const [log, setLog] = useState(live.log);
  useEffect(() => {
    const follow = () => { startTransition(() => { setLog(live.log); }); };
    follow();
    return live.subscribe(follow);
  }, [live]);
  return log;
}

/** Calls `listener` with each batch of events (every 250 ms at most), without rendering anything by itself. */
export function useEvents(listener: (events: readonly Event[]) => void): void {
  const live = useLive();
  const latest = useEffectEvent(listener);
  useEffect(() => live.onBatch((events) => { latest(events); }), [live]);
}

function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error("there is no LiveProvider above");
  return live;
}
