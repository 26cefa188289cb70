/**
 * Which values of a payload or a result are hidden until somebody asks to see them.
 *
 * Hidden from who looks over a shoulder, at a shared screen or at a screenshot in a ticket; whoever may open this page
 * may also ask the API, which tells everything. So a button shows them: to pretend more would only make people trust it.
 */
const WORDS = new Set([
  "password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "authorization",
  "bearer", "credential", "credentials", "cookie", "cookies",
]);
const PAIRS = new Set([
  "api key", "api keys", "access key", "private key", "secret key", "signing key", "encryption key", "client key",
]);
const SQUEEZED = /(password|passwd|passphrase|secret|apikey|accesskey|privatekey|authorization)/;

/** `max_tokens: 100` counts tokens, it is none: numbers under a key that speaks of tokens are shown. */
export function isSecret(key: string, value: unknown): boolean {
  if (value === null || typeof value === "boolean" || value === "") return false;
  const words = wordsOf(key);
  const named = words.filter((word, index) => WORDS.has(word) || PAIRS.has(`${word} ${words[index + 1] ?? ""}`));
  if (typeof value === "number" && named.length > 0 && named.every((word) => word.startsWith("token"))) return false;
  return named.length > 0 || SQUEEZED.test(words.join(""));
}

/** `dbPassword`, `DB_PASSWORD` and `db-password` are the same two words. */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
}
