import { expect, it } from "vitest";
import { isSecret } from "./secret";

it.each([
  "password", "db_password", "DB_PASSWORD", "dbPassword", "userpassword", "token", "accessToken", "refresh-token",
  "client_secret", "Authorization", "x-api-key", "api_key", "apiKey", "APIKey", "AWSSecretAccessKey", "private_key",
  "set-cookie", "credentials",
])("%s is secret", (key) => {
  expect(isSecret(key, "abc")).toBe(true);
});

it.each(["key", "path", "author", "keyboard", "primary_key", "tokenizer"])("%s is none", (key) => {
  expect(isSecret(key, "abc")).toBe(false);
});

it("numbers of tokens are counts, but a number may be a password", () => {
  expect(isSecret("max_tokens", 100)).toBe(false);
  expect(isSecret("password", 1234)).toBe(true);
});

it("what says nothing is shown", () => {
  for (const nothing of [null, true, false, ""]) expect(isSecret("password", nothing)).toBe(false);
});

it("whatever is below a secret key is secret with it", () => {
  expect(isSecret("credentials", { user: "a" })).toBe(true);
});
