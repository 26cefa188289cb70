/** What more than one page asks for. The first word of each key is the topic that events touch: see live/refresh.ts. */
import { useQuery } from "@tanstack/react-query";
import { byName } from "./byName";
import { get } from "./client";
import type { Cluster, Offered, Queue, Stats, Worker } from "./types";

const MOVING_MS = 2_000;
const CALM_MS = 10_000;

/** The numbers. Asked again by events, and now and then without: rates fall by themselves. */
export function useStats() {
  return useQuery({
    queryKey: ["stats"],
    queryFn: ({ signal }) => get<Stats>("/api/stats", signal),
    refetchInterval: ({ state: { data } }) => (data && data.throughput + data.running > 0 ? MOVING_MS : CALM_MS),
  });
}

export function useWorkers() {
  return useQuery({
    queryKey: ["workers"],
    queryFn: ({ signal }) => get<Worker[]>("/api/workers", signal),
    select: byName,
    refetchInterval: 5_000,
  });
}

/** What this installation is and allows. */
export function useCluster() {
  return useQuery({
    queryKey: ["cluster"],
    queryFn: ({ signal }) => get<Cluster>("/api/cluster", signal),
    staleTime: 60_000,
  });
}

/** What the workers offer to run. */
export function useCommands() {
  return useQuery({
    queryKey: ["commands"],
    queryFn: ({ signal }) => get<Offered[]>("/api/commands", signal),
    staleTime: 10_000,
  });
}

export function useQueues() {
  return useQuery({
    queryKey: ["queues"],
    queryFn: ({ signal }) => get<Queue[]>("/api/queues", signal),
    refetchInterval: CALM_MS,
  });
}

/** Why steering is refused, as a sentence for a person; null when it is allowed. */
export function useReadOnly(): string | null {
  const { data } = useCluster();
  return data?.read_only ? "This dashboard is read-only: the edge runs with DASHBOARD=read_only." : null;
}
