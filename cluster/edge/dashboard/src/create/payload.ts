import type { Field } from "./signature";

export type Payload = Readonly<Record<string, unknown>>;
/** What is typed into the fields, by parameter; an empty text is an argument that is not given. */
export type Texts = Readonly<Record<string, string>>;
export type Reading<T> = { readonly value: T } | { readonly errors: Readonly<Record<string, string>> };

/** The key of errors about the JSON text as a whole. */
export const WHOLE = "payload";

type One = { readonly value: unknown } | { readonly error: string } | null;

/** The payload that the fields say, or what is wrong with which of them. */
export function payloadFrom(fields: readonly Field[], texts: Texts): Reading<Payload> {
  const payload: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const one = read(field, texts[field.name] ?? "");
    if (one === null) continue;
    if ("error" in one) errors[field.name] = one.error;
    else payload[field.name] = one.value;
  }
  return Object.keys(errors).length > 0 ? { errors } : { value: payload };
}

/** The payload that a JSON text says; nothing at all is an empty one. */
export function payloadFromJson(text: string): Reading<Payload> {
  if (text.trim() === "") return { value: {} };
  const one = parsed(text);
  if ("error" in one) return { errors: { [WHOLE]: one.error } };
  if (typeof one.value !== "object" || one.value === null || Array.isArray(one.value)) {
    return { errors: { [WHOLE]: 'must be a JSON object, like {"name": "value"}' } };
  }
  return { value: one.value as Payload };
}

/** What to fill the fields with to say this payload; null when they cannot say all of it. */
export function textsFrom(fields: readonly Field[], payload: Payload): Texts | null {
  const known = new Map(fields.map((one) => [one.name, one]));
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(payload)) {
    const field = known.get(name);
    const text = field ? written(field, value) : null;
    if (text === null) return null;
    texts[name] = text;
  }
  return texts;
}

function written(field: Field, value: unknown): string | null {
  const text = field.kind === "text" && typeof value === "string" ? value : JSON.stringify(value);
  const chosen = field.choices.find((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
  const shown = chosen?.text ?? text;
  const back = read(field, shown);
  return back && "value" in back && JSON.stringify(back.value) === JSON.stringify(value) ? shown : null;
}

function read(field: Field, text: string): One {
  const bare = text.trim();
  if (bare === "") return field.required ? { error: "is needed" } : null;
  if (field.nullable && bare === "null") return { value: null };
  switch (field.kind) {
    case "text":
      return checkedText(field, text);
    case "integer":
    case "number":
      return checkedNumber(field, bare);
    case "boolean":
    case "choice":
      return chosen(field, bare);
    case "json":
      return parsed(bare);
  }
}

function checkedText({ schema }: Field, text: string): One {
  const characters = Array.from(text).length;
  if (schema.minLength !== undefined && characters < schema.minLength) {
    return { error: `must have at least ${schema.minLength} characters` };
  }
  if (schema.maxLength !== undefined && characters > schema.maxLength) {
    return { error: `must have at most ${schema.maxLength} characters; it has ${characters}` };
  }
  return { value: text };
}

function checkedNumber({ kind, schema }: Field, text: string): One {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) return { error: "must be a number" };
  if (kind === "integer" && !Number.isInteger(value)) return { error: "must be a whole number" };
  if (inexact(value)) return { error: TOO_LARGE };
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && value < minimum) return { error: `must be ${minimum} or more` };
  if (maximum !== undefined && value > maximum) return { error: `must be ${maximum} or less` };
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return { error: `must be more than ${exclusiveMinimum}` };
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return { error: `must be less than ${exclusiveMaximum}` };
  return { value };
}

function chosen({ choices }: Field, text: string): One {
  const choice = choices.find((one) => one.text === text);
  return choice ? { value: choice.value } : { error: `must be one of ${choices.map((one) => one.text).join(", ")}` };
}

const TOO_LARGE = "holds a whole number beyond ±9007199254740991, which a browser cannot send exactly; make it a string";

function parsed(text: string): { value: unknown } | { error: string } {
  try {
    const value: unknown = JSON.parse(text);
    return holdsInexact(value) ? { error: TOO_LARGE } : { value };
  } catch (error) {
    return { error: `is not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Whether a whole number lost digits when it was read. From 1e21 on numbers are written with an exponent: no digits. */
function inexact(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
}

function holdsInexact(value: unknown): boolean {
  if (typeof value === "number") return inexact(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsInexact);
}
