import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useWorkers } from "../api/queries";
import { ACTS, look } from "./acts";
import type { Facts } from "./facts";
import { BEGINNING, type Memory, remember, useMemory } from "./memory";
import { type Seen, type Step, STEPS } from "./steps";

const LOOK_MS = 700;

export interface Tour {
  memory: Memory;
  step: Step;
  facts: Facts;
  seen: Seen;
  /** What went wrong with the last press. */
  error: unknown;
  act: () => void;
  next: () => void;
  restart: () => void;
}

/** The tour: presses do the real thing, and what is seen of it moves it on. */
export function useTour(): Tour {
  const cache = useQueryClient();
  const memory = useMemory();
  const facts = useFacts(memory);
  const [error, setError] = useState<unknown>(null);
  const step = STEPS[memory.step] ?? STEPS[0];
  const seen = step.seen(facts, memory);
  useEffect(() => {
    if (memory.phase === "watching" && seen.done) remember({ phase: "seen" });
  }, [memory.phase, seen.done]);
  const act = async () => {
    setError(null);
    remember({ phase: "acting" });
    try {
      remember({ ...(await ACTS[step.id](memory)), phase: "watching" });
      await cache.invalidateQueries();
    } catch (problem) {
      setError(problem);
      remember({ phase: "ready" });
    }
  };
  return {
    memory, step, facts, seen, error,
    act: () => void act(),
    next: () => { remember({ step: memory.step + 1, phase: "ready" }); },
    restart: () => { setError(null); remember(BEGINNING); },
  };
}

function useFacts({ taskIds, killed }: Memory): Facts {
  const ids = [...new Set([...taskIds, ...(killed?.taskIds ?? [])])];
  const { data: tasks = [] } = useQuery({
    queryKey: ["tour", ids],
    queryFn: () => look(ids),
    enabled: ids.length > 0,
    placeholderData: (before) => before,
    refetchInterval: LOOK_MS,
  });
  const { data: workers = [] } = useWorkers();
  return { tasks, workers };
}
