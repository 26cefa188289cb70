import { describe, expect, it } from "vitest";
import type { Parameter } from "../api/types";
import { type JsonSchema, signatureOf } from "./signature";

function parameter(name: string, schema: JsonSchema & Record<string, unknown>, facts: Partial<Parameter> = {}): Parameter {
  return { name, required: false, type: null, default: null, schema, ...facts };
}

function fieldFor(schema: JsonSchema & Record<string, unknown>, facts: Partial<Parameter> = {}) {
  return signatureOf({ parameters: [parameter("it", schema, facts)], open: false }).fields[0];
}

describe("a parameter becomes a field", () => {
  it.each<[JsonSchema & Record<string, unknown>, string]>([
    [{ type: "string" }, "text"],
    [{ type: "integer" }, "integer"],
    [{ type: "number" }, "number"],
    [{ type: "boolean" }, "boolean"],
    [{ enum: ["fit", "crop"] }, "choice"],
    [{ const: 3 }, "choice"],
    [{ type: "array", items: {} }, "json"],
    [{ $ref: "#/$defs/Box", $defs: { Box: { type: "object" } } }, "json"],
    [{ $ref: "#/$defs/Mode", $defs: { Mode: { enum: [1, 2] } } }, "choice"],
    [{ anyOf: [{ type: "integer" }, { type: "string" }] }, "json"],
    [{}, "json"],
  ])("of the kind of its type: %j is %s", (schema, kind) => {
    expect(fieldFor(schema)?.kind).toBe(kind);
  });

  it.each([{ anyOf: [{ type: "number" }, { type: "null" }] }, { type: ["number", "null"] }])("that may be null: %j", (schema) => {
    expect(fieldFor(schema)).toMatchObject({ kind: "number", nullable: true, fallback: "null" });
  });

  it("that says what is taken when it is left empty", () => {
    expect(fieldFor({ type: "integer" }, { default: 128 })?.fallback).toBe("128");
    expect(fieldFor({ type: "integer" }, { default: null })?.fallback).toBeNull();
    expect(fieldFor({ type: "string" }, { required: true })?.fallback).toBeNull();
  });

  it("with the choices of an enum and of a boolean", () => {
    expect(fieldFor({ enum: ["fit", 2] })?.choices).toEqual([{ text: "fit", value: "fit" }, { text: "2", value: 2 }]);
    expect(fieldFor({ type: "boolean" })?.choices.map((one) => one.value)).toEqual([true, false]);
  });
});

it("fields are in the order of the signature", () => {
  const parameters = [parameter("b", {}), parameter("a", {})];
  expect(signatureOf({ parameters, open: false }).fields.map((one) => one.name)).toEqual(["b", "a"]);
});

it("a command that nobody offers, or whose workers do not say, takes anything", () => {
  expect(signatureOf(undefined)).toEqual({ fields: [], open: true });
  expect(signatureOf({ parameters: null, open: false })).toEqual({ fields: [], open: true });
});
