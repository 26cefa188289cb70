/** What went wrong with a request: RFC 9457 problem details, or that nobody answered (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;

  /** `detail` says what was wrong and what to change; it is the message. */
  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.title = title;
  }

  get detail(): string {
    return this.message;
  }

  /** Whether asking again, unchanged, may help. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const UNREACHABLE = "The edge does not answer: it restarts, or this machine lost the network. This page keeps trying.";

export function unreachable(): Problem {
  return new Problem(0, "No answer", UNREACHABLE);
}

/** The problem that a refusal carries; a proxy in between may answer with something else than problem+json. */
export function problemOf(status: number, statusText: string, body: unknown): Problem {
  if (typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string") {
    const title = "title" in body && typeof body.title === "string" ? body.title : statusText;
    return new Problem(status, title, body.detail);
  }
  return new Problem(status, statusText || "Error", `The answer was ${status} ${statusText}, without saying why.`);
}

/** Any error as a problem, for places that show one. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(-1, "This page has a fault", error instanceof Error ? error.message : String(error));
}
