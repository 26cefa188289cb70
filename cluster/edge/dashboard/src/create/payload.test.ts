import { describe, expect, it } from "vitest";
import { payloadFrom, payloadFromJson, textsFrom, WHOLE } from "./payload";
import { signatureOf } from "./signature";

const schemas = {
  path: { type: "string", maxLength: 5 },
  size: { type: "integer", minimum: 1 },
  ratio: { anyOf: [{ type: "number" }, { type: "null" }] },
  keep: { type: "boolean" },
  mode: { enum: ["fit", 2] },
  tags: { type: "array" },
};
const { fields } = signatureOf({
  parameters: Object.entries(schemas).map(([name, schema]) => (
    { name, schema, required: name === "path", type: null, default: null }
  )),
  open: false,
});

const errorsOf = (texts: Record<string, string>) => {
  const reading = payloadFrom(fields, texts);
  return "errors" in reading ? reading.errors : {};
};

describe("fields become a payload", () => {
  it("of the types of the signature, without what is left empty", () => {
    const texts = { path: " a ", size: "64", keep: "true", mode: "2", tags: '["x"]' };
    expect(payloadFrom(fields, texts)).toEqual({
      value: { path: " a ", size: 64, keep: true, mode: 2, tags: ["x"] },
    });
  });

  it("where null is only null for what may be null", () => {
    expect(payloadFrom(fields, { path: "null", ratio: "null" })).toEqual({ value: { path: "null", ratio: null } });
  });

  it("or errors, each with its field", () => {
    expect(errorsOf({ size: "1.5", ratio: "fast", mode: "fill", tags: "[", keep: "yes" })).toEqual({
      path: "is needed",
      size: "must be a whole number",
      ratio: "must be a number",
      mode: "must be one of fit, 2",
      keep: "must be one of true, false",
      tags: expect.stringContaining("is not valid JSON") as string,
    });
  });

  it("within the bounds of the schema", () => {
    expect(errorsOf({ path: "abcdef" })).toEqual({ path: "must have at most 5 characters; it has 6" });
    expect(errorsOf({ path: "a", size: "0" })).toEqual({ size: "must be 1 or more" });
  });
});

describe("a JSON text becomes a payload", () => {
  it("and nothing is an empty one", () => {
    expect(payloadFromJson("  ")).toEqual({ value: {} });
  });

  it.each(["[1]", "3", "null", '"x"'])("but %s is no object", (text) => {
    const message = expect.stringContaining("must be a JSON object") as string;
    expect(payloadFromJson(text)).toEqual({ errors: { [WHOLE]: message } });
  });

  it("and a number that would lose digits is refused", () => {
    expect(payloadFromJson('{"id": [9007199254740993]}')).toHaveProperty("errors");
    expect(payloadFromJson('{"id": 1e300, "ok": 9007199254740991}')).toHaveProperty("value");
  });
});

describe("a payload goes back into the fields", () => {
  it("and comes out the same", () => {
    const payload = { path: "null", size: 3, ratio: null, keep: false, mode: 2, tags: [1] };
    const texts = textsFrom(fields, payload);
    expect(texts && payloadFrom(fields, texts)).toEqual({ value: payload });
  });

  it.each([{ other: 1 }, { size: "3" }, { path: "" }, { keep: null }])("unless they cannot say it: %j", (payload) => {
    expect(textsFrom(fields, payload)).toBeNull();
  });
});
