import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./problem";

const FRESH_MS = 1_000;
const RETRIES = 2;

/** One cache for the whole page. Only what may pass by itself is asked again: a refusal stays a refusal. */
export function newCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.passing,
        // The browser's idea of "online" says nothing about an edge on this machine.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
