// pg-boss inside its environment.
import { PgBoss } from "pg-boss";
import { setTimeout as sleep } from "node:timers/promises";

import { STORE, arrived, begun, ended, fill, main, post, tally } from "./probe.mjs";

const FAST = { batchSize: 5000, localConcurrency: 2, burstWhenBatchFull: true, orderByCreatedOn: false };
const SLOTS = { localConcurrency: 20 };

const handlers = {
  noop: async (jobs) => jobs.forEach(() => tally()),
  stamp: async (jobs) => jobs.forEach(({ data }) => arrived(data.posted)),
  slow: async ([{ data }]) => {
    begun(data.number);
    await sleep(1000 * data.seconds);
    ended(data.number);
  },
};

async function boss(options = {}) {
  const it = new PgBoss({ connectionString: STORE, ...options });
  it.on("error", console.error);
  return it.start();
}

async function work(options) {
  const it = await boss({ useListenNotify: true });
  for (const [name, handler] of Object.entries(handlers)) await it.work(name, options, handler);
}

async function withBoss(act) {
  const it = await boss({ supervise: false, schedule: false });
  try {
    await act(it);
  } finally {
    await it.stop();
  }
}

const rows = (length, data) => Array.from({ length }, (_, number) => ({ data: data(number) }));

await main({
  prepare: () =>
    withBoss(async (it) => {
      for (const name of Object.keys(handlers)) await it.createQueue(name, { notify: true });
    }),
  work: () => work(FAST),
  "work-defaults": () => work(SLOTS),
  enqueue: (count, most) => withBoss((it) => fill(count, most, (size) => it.insert("noop", rows(size, () => null)))),
  post: (count, gap) => withBoss((it) => post(count, gap, (posted) => it.send("stamp", { posted }))),
  "enqueue-slow": (count, seconds) => withBoss((it) => it.insert("slow", rows(count, (number) => ({ number, seconds })))),
});
