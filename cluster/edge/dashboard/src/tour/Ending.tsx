import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import { Button } from "../parts/Button";
import { plural } from "../parts/formats";
import { toast, toastProblem } from "../parts/toast";
import { putBack } from "./acts";
import type { Tour } from "./useTour";

/** After the last step: put the cluster back as it was, or go on by hand. */
export function Ending({ tour: { memory: { workersBefore }, facts: { workers } } }: { tour: Tour }) {
  const before = workersBefore ?? workers.length;
  const order = useMutation({
    mutationFn: () => putBack(before),
    onSuccess: () => { toast({ tone: "good", title: `${plural(before, "worker")} ordered, as before the tour` }); },
    onError: (error) => { toastProblem("The number of workers is unchanged", error); },
  });
  return (
    <>
      {before !== workers.length && before > 0 && (
        <Button disabled={order.isPending} onClick={() => { order.mutate(); }}>Back to {plural(before, "worker")}</Button>
      )}
      <Link href="/create">Create tasks of your own</Link>
    </>
  );
}
