// What runs inside the environment of a Node peer: the same as probe.py, see there.
import { appendFileSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export const STORE = process.env.PEERS_STORE;
const NOTES = process.env.PEERS_NOTES;
const CHUNK = 1000;
const FLUSH_MS = 10;

const now = () => process.hrtime.bigint();
const seconds = (since) => Number(now() - since) / 1e9;

let tallied = 0n;
let first = 0n;
let last = 0n;
let file;
let flushing = false;

// A no-op began. Written out every FLUSH_MS, for Node cannot map a file.
export function tally() {
  last = now();
  if (first === 0n) first = last;
  tallied += 1n;
  if (!flushing) {
    flushing = true;
    setTimeout(flush, FLUSH_MS);
  }
}

function flush() {
  flushing = false;
  file ??= openSync(join(NOTES, `${process.pid}.tally`), "w");
  writeSync(file, new BigUint64Array([first, last, tallied]), 0, 24, 0);
}

function note(what, value) {
  appendFileSync(join(NOTES, `${process.pid}.notes`), `${what} ${value} ${now()}\n`);
}

export const arrived = (posted) => note("arrived", posted);
export const begun = (number) => note("begun", number);
export const ended = (number) => note("ended", number);

export async function fill(count, most, chunk) {
  const began = now();
  let done = 0;
  while (done < count && seconds(began) < most) {
    const size = Math.min(CHUNK, count - done);
    await chunk(size);
    done += size;
  }
  console.log(JSON.stringify({ count: done, seconds: seconds(began) }));
}

export async function post(count, gap, one) {
  for (let index = 0; index < count; index++) {
    await sleep(1000 * gap * (0.5 + Math.random()));
    await one(now().toString());
  }
}

export async function main(verbs) {
  const [verb, ...numbers] = process.argv.slice(2);
  await verbs[verb](...numbers.map(Number));
}
