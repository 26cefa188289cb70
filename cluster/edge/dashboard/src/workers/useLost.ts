import { useState } from "react";
import type { Worker } from "../api/types";
import { type Lost, withLost } from "./lost";

/** The workers that vanished with tasks in their hands while this page watched, and how to forget one. */
export function useLost(workers: readonly Worker[] | undefined): [readonly Lost[], (lost: Lost) => void] {
  const [seen, setSeen] = useState(workers);
  const [losses, setLosses] = useState<readonly Lost[]>([]);
  if (workers !== seen) {
    setSeen(workers);
    if (seen && workers) setLosses(withLost(losses, seen, workers));
  }
  return [losses, (lost) => { setLosses((all) => all.filter((one) => one !== lost)); }];
}
