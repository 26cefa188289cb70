// Graphile Worker inside its environment.
import { makeWorkerUtils, run } from "graphile-worker";
import { setTimeout as sleep } from "node:timers/promises";

import { STORE, arrived, begun, ended, fill, main, post, tally } from "./probe.mjs";

// The page's own preset for its quickest figures, with the refetch delay of its performance test.
const FAST = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
const SLOTS = { concurrentJobs: 20 };

const taskList = {
  noop: async () => tally(),
  stamp: async ({ posted }) => arrived(posted),
  slow: async ({ number, seconds }) => {
    begun(number);
    await sleep(1000 * seconds);
    ended(number);
  },
};

process.env.NO_LOG_SUCCESS = "1";

async function work(worker) {
  const runner = await run({ preset: { worker: { connectionString: STORE, ...worker } }, taskList });
  await runner.promise;
}

async function withUtils(act) {
  const utils = await makeWorkerUtils({ connectionString: STORE });
  try {
    await act(utils);
  } finally {
    await utils.release();
  }
}

await main({
  prepare: () => withUtils((utils) => utils.migrate()),
  work: () => work(FAST),
  "work-defaults": () => work(SLOTS),
  enqueue: (count, most) =>
    withUtils((utils) =>
      fill(count, most, (size) => utils.addJobs(Array.from({ length: size }, () => ({ identifier: "noop" })))),
    ),
  post: (count, gap) => withUtils((utils) => post(count, gap, (posted) => utils.addJob("stamp", { posted }))),
  "enqueue-slow": (count, seconds) =>
    withUtils((utils) =>
      utils.addJobs(
        Array.from({ length: count }, (_, number) => ({ identifier: "slow", payload: { number, seconds } })),
      ),
    ),
});
