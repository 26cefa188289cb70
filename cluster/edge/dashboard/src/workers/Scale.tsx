import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useId, useState } from "react";
import { post } from "../api/client";
import { useCluster } from "../api/queries";
import { Button } from "../parts/Button";
import { plural } from "../parts/formats";
import { toastProblem } from "../parts/toast";
import styles from "./Scale.module.css";

const USUAL = [1, 3, 5, 10];
const WORKERS_MAX = 50;

/** How many workers there shall be: the usual numbers at a press, any other by hand. Says when it has come true. */
export function Scale({ online, readOnly }: { online: number; readOnly: string | null }) {
  const [typed, setTyped] = useState("");
  const { data: cluster } = useCluster();
  const id = useId();
  const order = useMutation({
    mutationFn: (count: number) => post<{ count: number }>("/api/workers/scale", { count }),
    onError: (error) => { toastProblem("The number of workers is unchanged", error); },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (readOnly === null && typed !== "") order.mutate(Number(typed));
  };
  return (
    <form className={styles.scale} onSubmit={submit}>
      <span id={id} className={styles.label}>Scale to</span>
      <div className={styles.usual} role="group" aria-labelledby={id}>
        {USUAL.map((count) => (
          <Button key={count} refused={readOnly} aria-label={`Scale to ${plural(count, "worker")}`} onClick={() => { order.mutate(count); }}>
            {count}
          </Button>
        ))}
      </div>
      <div className={styles.other}>
        <input
          className={styles.number} type="number" inputMode="numeric" aria-label="Number of workers" placeholder="n"
          min={1} max={cluster?.limits.workers_max ?? WORKERS_MAX} step={1} value={typed}
          onChange={(event) => { setTyped(event.target.value); }}
        />
        <Button type="submit" look="primary" refused={readOnly}>Scale</Button>
      </div>
      <span className={styles.told} role="status">{order.data ? progress(order.data.count, online) : ""}</span>
    </form>
  );
}

function progress(ordered: number, online: number): string {
  if (online === ordered) return `${plural(online, "worker is", "workers are")} online.`;
  return online < ordered
    ? `${plural(ordered, "worker")} ordered, ${online} online so far…`
    : `${plural(ordered, "worker")} ordered, ${online - ordered} still finishing…`;
}
