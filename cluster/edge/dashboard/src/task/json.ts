import { isSecret } from "./secret";

export type TokenKind = "key" | "string" | "number" | "word" | "mark" | "hidden";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/** One line of pretty JSON. `depth`: how many levels it is indented. */
export interface Line {
  readonly depth: number;
  readonly tokens: readonly Token[];
}

export interface Printed {
  readonly lines: readonly Line[];
  /** How many values are secret, whether they are shown or not. */
  readonly secrets: number;
}

export const DOTS = "•••";

/** JSON in lines, as `JSON.stringify(value, null, 2)` has them. `reveal`: with the values of secret keys. */
export function printed(value: unknown, reveal: boolean): Printed {
  const printer = new Printer(reveal);
  printer.print(value, 0, [], []);
  return { lines: printer.lines, secrets: printer.secrets };
}

/** The text of what is shown: what is hidden stays hidden when it is copied. */
export function textOf({ lines }: Printed): string {
  return lines.map((line) => "  ".repeat(line.depth) + line.tokens.map((token) => token.text).join("")).join("\n");
}

/** State: the lines so far, and how many secrets were met. */
class Printer {
  readonly lines: Line[] = [];
  secrets = 0;
  private readonly reveal: boolean;

  constructor(reveal: boolean) {
    this.reveal = reveal;
  }

  print(value: unknown, depth: number, before: readonly Token[], after: readonly Token[]): void {
    if (Array.isArray(value)) this.list(value, depth, before, after);
    else if (typeof value === "object" && value !== null) this.object(value, depth, before, after);
    else this.lines.push({ depth, tokens: [...before, scalar(value), ...after] });
  }

  private list(items: readonly unknown[], depth: number, before: readonly Token[], after: readonly Token[]): void {
    const members = items.map((item) => ({ label: [] as Token[], item, secret: false }));
    this.members("[", "]", members, depth, before, after);
  }

  private object(value: object, depth: number, before: readonly Token[], after: readonly Token[]): void {
    const members = Object.entries(value).map(([key, item]: [string, unknown]) => ({
      label: [{ kind: "key", text: JSON.stringify(key) } as const, mark(": ")],
      item,
      secret: isSecret(key, item),
    }));
    this.members("{", "}", members, depth, before, after);
  }

  private members(
    open: string,
    close: string,
    members: readonly { label: readonly Token[]; item: unknown; secret: boolean }[],
    depth: number,
    before: readonly Token[],
    after: readonly Token[],
  ): void {
    if (members.length === 0) {
      this.lines.push({ depth, tokens: [...before, mark(open + close), ...after] });
      return;
    }
    this.lines.push({ depth, tokens: [...before, mark(open)] });
    members.forEach(({ label, item, secret }, index) => {
      const comma = index < members.length - 1 ? [mark(",")] : [];
      if (secret) this.secrets += 1;
      if (secret && !this.reveal) this.lines.push({ depth: depth + 1, tokens: [...label, HIDDEN, ...comma] });
      else this.print(item, depth + 1, label, comma);
    });
    this.lines.push({ depth, tokens: [mark(close), ...after] });
  }
}

const HIDDEN: Token = { kind: "hidden", text: DOTS };

function mark(text: string): Token {
  return { kind: "mark", text };
}

function scalar(value: unknown): Token {
  const kind = typeof value === "string" || typeof value === "number" ? typeof value : "word";
  return { kind: kind as TokenKind, text: JSON.stringify(value) };
}
