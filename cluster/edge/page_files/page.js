// The page: numbers once a second, events as they happen. Everything from outside goes in as text, never as HTML.
"use strict";

const SHOWN_EVENTS = 250;
const POLL_MS = 1000;
const NUMBERS = ["pending", "running", "completed", "failed"];

const element = (id) => document.getElementById(id);
const count = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false,
});
const rate = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

// ---------------------------------------------------------------- asking

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail || `${response.status} ${response.statusText}`);
  return answer;
}

// One thing a person asked for: what came of it is said in `place`.
async function order(place, path, body, said) {
  place.classList.remove("bad");
  place.textContent = "…";
  try {
    place.textContent = said(await ask(path, body));
  } catch (error) {
    place.classList.add("bad");
    place.textContent = error.message;
  }
  refreshSoon();
}

// ---------------------------------------------------------------- numbers and workers

let polling = false;
let again = null;

async function refresh() {
  if (polling) return;
  polling = true;
  clearTimeout(again);
  try {
    show(await ask("/api/stats"));
  } catch {
    for (const name of [...NUMBERS, "throughput"]) element(name).textContent = "–";
  }
  polling = false;
  again = setTimeout(refresh, document.hidden ? 10 * POLL_MS : POLL_MS);
}

// After an event or an order; a burst of events asks once.
function refreshSoon() {
  clearTimeout(again);
  again = setTimeout(refresh, 150);
}

function show(stats) {
  for (const name of NUMBERS) element(name).textContent = count.format(stats[name]);
  element("throughput").textContent = rate.format(stats.throughput);
  element("nobody").hidden = stats.workers.length > 0;
  showWorkers(stats.workers);
}

const rows = new Map();

// Rows are kept by worker, so that a button does not vanish under the finger that presses it.
function showWorkers(workers) {
  const alive = new Set(workers.map((worker) => worker.worker_id));
  for (const [id, row] of rows) {
    if (!alive.has(id)) {
      row.remove();
      rows.delete(id);
    }
  }
  for (const worker of workers) {
    if (!rows.has(worker.worker_id)) rows.set(worker.worker_id, newRow(worker));
    fill(rows.get(worker.worker_id), worker);
  }
}

function newRow(worker) {
  const row = element("worker").content.firstElementChild.cloneNode(true);
  row.querySelector("button").addEventListener("click", () => {
    if (!confirm(`Kill ${worker.name}? Its tasks run again on another worker.`)) return;
    order(element("ordered"), "/api/workers/kill", { name: worker.name }, () => `${worker.name} is being killed.`);
  });
  element("workers").append(row);
  return row;
}

function fill(row, worker) {
  const text = (selector, value) => { row.querySelector(selector).textContent = value; };
  text(".name", worker.name);
  text(".badge", worker.status);
  row.querySelector(".badge").dataset.status = worker.status;
  const meter = row.querySelector("meter");
  meter.max = worker.slots;
  meter.value = Math.min(worker.running, worker.slots);
  text(".slots span", `${Math.min(worker.running, worker.slots)} of ${worker.slots}`);
  text(".done", count.format(worker.tasks_completed));
  text(".lost", count.format(worker.tasks_failed));
  text(".heard", ago(worker.last_heartbeat));
  row.title = worker.worker_id;
}

function ago(instant) {
  const seconds = Math.max(0, (Date.now() - new Date(instant)) / 1000);
  return seconds < 1 ? "just now" : `${Math.round(seconds)} s ago`;
}

// ---------------------------------------------------------------- events

const waiting = [];
let drawing = false;

function onEvent(message) {
  waiting.push(JSON.parse(message.data));
  if (waiting.length > SHOWN_EVENTS) waiting.shift();
  if (!drawing && !element("hold").checked) {
    drawing = true;
    requestAnimationFrame(draw);
  }
}

// At most once per frame, however many events came.
function draw() {
  drawing = false;
  const list = element("events");
  for (const event of waiting.splice(0)) list.prepend(line(event));
  while (list.children.length > SHOWN_EVENTS) list.lastElementChild.remove();
  refreshSoon();
}

function line(event) {
  const item = document.createElement("li");
  item.dataset.level = event.level;
  item.append(part("time", clock.format(new Date(event.timestamp))));
  item.append(part("span", event.event, "what"), part("span", event.msg, "msg"));
  item.title = [event.task_id, event.worker_id].filter(Boolean).join(" · ");
  return item;
}

function part(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function state(name, text) {
  element("link").dataset.state = name;
  element("link").textContent = text;
}

// The browser reconnects by itself and says where it was; only when it gave up do we begin again.
function follow() {
  const source = new EventSource("/api/logs/stream");
  source.onopen = () => state("live", "live");
  source.onmessage = onEvent;
  source.addEventListener("reset", () => {
    waiting.length = 0;
    element("events").replaceChildren();
  });
  source.onerror = () => {
    state("lost", "connection lost, trying again");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  };
}

// ---------------------------------------------------------------- forms

element("post").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const form = submitted.target.elements;
  const body = {
    command: form.command.value,
    count: form.count.valueAsNumber,
    delay_seconds: form.delay_seconds.valueAsNumber,
  };
  order(element("posted"), "/api/schedule/batch", body, (answer) => `${answer.count} tasks are scheduled.`);
});

element("scale").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const wanted = submitted.target.elements.count.valueAsNumber;
  order(element("ordered"), "/api/workers/scale", { count: wanted }, (answer) => `${answer.count} workers are ordered.`);
});

element("hold").addEventListener("change", draw);
document.addEventListener("visibilitychange", refreshSoon);

refresh();
follow();
