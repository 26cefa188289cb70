import { heardDate } from "./clock";
import { problemOf, unreachable } from "./problem";

/** Asks the edge. Throws `Problem`; an aborted request throws what `fetch` throws for it. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { signal: signal ?? null });
}

/** Orders something of the edge. Throws `Problem`. */
export function post<T>(path: string, body: object = {}): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** `/api/tasks?limit=5`: leaves out what is undefined or empty. */
export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return search ? `${path}?${search}` : path;
}

async function ask<T>(path: string, request: RequestInit): Promise<T> {
  const response = await fetch(path, request).catch((error: unknown) => {
    throw error instanceof TypeError ? unreachable() : error;
  });
  heardDate(response.headers.get("date"));
  const body = await bodyOf(response);
  if (!response.ok) throw problemOf(response.status, response.statusText, body);
  return body as T;
}

/** null when the body is no JSON: only a refusal may be that, and then its status line has to do. */
async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (response.ok) throw error;
    return null;
  }
}
