import type { Offered, Parameter } from "../api/types";

/** What a worker says of a parameter: the part of JSON Schema that signatures lead to. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

export type FieldKind = "text" | "integer" | "number" | "boolean" | "choice" | "json";

/** One field of the payload form. `fallback`: its default as JSON. `choices`: for `choice` and `boolean`. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly hint: string;
  readonly fallback: string | null;
  readonly choices: readonly Choice[];
  readonly schema: JsonSchema;
}

export interface Choice {
  readonly text: string;
  readonly value: unknown;
}

export interface Signature {
  readonly fields: readonly Field[];
  /** Takes arguments that are not named here (`**payload`), so only JSON can say them all. */
  readonly open: boolean;
}

/** The fields of a payload form. Of a command that nobody offers nothing is known, and anything may be given. */
export function signatureOf(offered: Pick<Offered, "parameters" | "open"> | undefined): Signature {
  if (!offered?.parameters) return { fields: [], open: true };
  return { fields: offered.parameters.map(fieldOf), open: offered.open };
}

function fieldOf({ name, required, default: value, schema: told }: Parameter): Field {
  const root = isSchema(told) ? told : {};
  const { schema, nullable } = withoutNull(resolved(root, root), root);
  const kind = kindOf(schema);
  const fallback = required || (value === null && !nullable) ? null : JSON.stringify(value);
  const hint = root.description ?? schema.description ?? "";
  return { name, kind, required, nullable, hint, fallback, choices: choicesOf(kind, schema), schema };
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === "object" && schema !== null;
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema.enum || schema.const !== undefined) return "choice";
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
    case "number":
    case "boolean":
      return schema.type;
    default:
      return "json";
  }
}

function choicesOf(kind: FieldKind, schema: JsonSchema): Choice[] {
  if (kind === "boolean") return [true, false].map((value) => ({ text: String(value), value }));
  if (kind !== "choice") return [];
  const values = schema.enum ?? [schema.const];
  return values.map((value) => ({ text: typeof value === "string" ? value : JSON.stringify(value), value }));
}

function withoutNull(schema: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  if (typeof schema.type === "object") {
    const types = schema.type.filter((type) => type !== "null");
    const [type] = types;
    const nullable = types.length < schema.type.length;
    return { schema: { ...schema, type: types.length === 1 && type ? type : types }, nullable };
  }
  const kinds = schema.anyOf?.map((one) => resolved(one, root)) ?? [];
  const others = kinds.filter((one) => one.type !== "null");
  const [only] = others;
  const nullable = others.length < kinds.length;
  return others.length === 1 && only ? { schema: only, nullable } : { schema, nullable };
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.match(/^#\/\$defs\/(.+)$/)?.[1];
  return (name === undefined ? undefined : root.$defs?.[name]) ?? schema;
}
