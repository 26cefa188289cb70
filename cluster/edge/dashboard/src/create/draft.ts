import type { Task } from "../api/types";
import { payloadFrom, payloadFromJson, type Payload, type Reading, type Texts, textsFrom, WHOLE } from "./payload";
import type { Signature } from "./signature";

/** Everything typed into the form, as text. The names are the API's, so that what it says of one finds its field. */
export interface Draft {
  readonly command: string;
  readonly asJson: boolean;
  readonly texts: Texts;
  readonly payload: string;
  readonly when: When;
  readonly delay_seconds: string;
  readonly scheduled_at: string;
  readonly queue: string;
  readonly priority: string;
  readonly max_attempts: string;
  readonly timeout_seconds: string;
  readonly unique_key: string;
  readonly count: string;
}

export type When = "now" | "delay" | "at";
type NumberField = "delay_seconds" | "priority" | "max_attempts" | "timeout_seconds" | "count";
type Body = Record<string, unknown>;
type Errors = Record<string, string>;

export const NEW: Draft = {
  command: "", asJson: false, texts: {}, payload: "", when: "now", delay_seconds: "60", scheduled_at: "", queue: "",
  priority: "", max_attempts: "", timeout_seconds: "", unique_key: "", count: "50",
};

/** The fields that a refusal of the server may be about. */
export const FIELDS: readonly string[] = [
  "command", WHOLE, "delay_seconds", "scheduled_at", "queue", "priority", "max_attempts", "timeout_seconds", "unique_key",
  "count",
];

/** The key of errors about one argument. */
export function argument(name: string): string {
  return `${WHOLE}.${name}`;
}

/** A draft of a task like this one, but for its time and its unique key, which are its own. */
export function draftLike({ command, payload, queue, priority, max_attempts, timeout_seconds }: Task): Draft {
  const json = JSON.stringify(payload, null, 2);
  return {
    ...NEW,
    command,
    asJson: json !== "{}",
    payload: json === "{}" ? "" : json,
    queue: queue === "default" ? "" : queue,
    priority: priority === 0 ? "" : String(priority),
    max_attempts: String(max_attempts ?? ""),
    timeout_seconds: String(timeout_seconds ?? ""),
  };
}

/** The same payload in fields instead of as JSON; null when they cannot say all of it. */
export function inFields(draft: Draft, { fields }: Signature): Pick<Draft, "asJson" | "texts"> | null {
  const read = payloadFromJson(draft.payload);
  const texts = "value" in read && fields.length > 0 ? textsFrom(fields, read.value) : null;
  return texts && { asJson: false, texts };
}

/** The same payload as JSON; what cannot be read from the fields stays behind. */
export function asJson(draft: Draft, { fields }: Signature): Pick<Draft, "asJson" | "payload"> {
  const read = payloadFrom(fields, draft.texts);
  return { asJson: true, payload: "value" in read ? JSON.stringify(read.value, null, 2) : draft.payload };
}

/** The body of POST /api/schedule. `taskId` makes saying it twice the same as saying it once. */
export function oneTask(draft: Draft, signature: Signature, taskId: string): Reading<Body> {
  return reading((errors) => ({
    task_id: taskId,
    command: draft.command.trim(),
    ...payloadOf(draft, signature, errors),
    ...timeOf(draft, errors),
    ...given({ queue: draft.queue.trim(), unique_key: draft.unique_key }),
    ...numbers(draft, ["priority", "max_attempts", "timeout_seconds"], errors),
  }));
}

/** The body of POST /api/schedule/batch: the same task many times. */
export function manyTasks(draft: Draft, signature: Signature): Reading<Body> {
  return reading((errors) => ({
    ...numbers(draft, draft.when === "now" ? ["count"] : ["count", "delay_seconds"], errors),
    command: draft.command.trim(),
    ...payloadOf(draft, signature, errors),
    ...(draft.count.trim() === "" && refuse(errors, "count", "is needed: 1 to 1,000")),
  }));
}

/** Only what the fields cannot hold is refused here; all other rules are the server's, and told by it. */
function reading(make: (errors: Errors) => Body): Reading<Body> {
  const errors: Errors = {};
  const value = make(errors);
  return Object.keys(errors).length > 0 ? { errors } : { value };
}

/** Whether the payload is typed as JSON: by choice, or as the signature names no argument. */
export function isJson(draft: Draft, { fields }: Signature): boolean {
  return draft.asJson || fields.length === 0;
}

function payloadOf(draft: Draft, signature: Signature, errors: Errors): { payload?: Payload } {
  const typed = isJson(draft, signature);
  const read = typed ? payloadFromJson(draft.payload) : payloadFrom(signature.fields, draft.texts);
  if ("value" in read) return Object.keys(read.value).length > 0 ? { payload: read.value } : {};
  for (const [name, message] of Object.entries(read.errors)) errors[typed ? WHOLE : argument(name)] = message;
  return {};
}

function timeOf(draft: Draft, errors: Errors): Body {
  if (draft.when === "delay") return numbers(draft, ["delay_seconds"], errors);
  if (draft.when === "now") return {};
  const time = Date.parse(draft.scheduled_at);
  if (Number.isNaN(time)) return refuse(errors, "scheduled_at", "choose a day and a time");
  return { scheduled_at: new Date(time).toISOString() };
}

function numbers(draft: Draft, names: readonly NumberField[], errors: Errors): Body {
  const body: Body = {};
  for (const name of names) {
    const text = draft[name].trim();
    if (text === "") continue;
    const value = Number(text);
    if (Number.isFinite(value)) body[name] = value;
    else refuse(errors, name, "must be a number");
  }
  return body;
}

function given(texts: Record<string, string>): Body {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}

function refuse(errors: Errors, name: string, message: string): Body {
  errors[name] = message;
  return {};
}
