/** One server-sent event. `type` is "message" unless the server named another; `id` is "" when it gave none. */
export interface Frame {
  id: string;
  type: string;
  data: string;
}

/**
 * Cuts a stream of text into server-sent events, wherever the network cut it.
 *
 * The browser's own EventSource hides the comments that prove an idle stream alive, and forgets the last id once it
 * gave up; so we read the stream ourselves. State: the text after the last whole event.
 */
export class FrameReader {
  private rest = "";

  /** The events that `text` completes. */
  push(text: string): Frame[] {
    const parts = (this.rest + text).split("\n\n");
    this.rest = parts.pop() ?? "";
    return parts.map(frameOf).filter((frame) => frame !== null);
  }
}

/** null for a block without data: a comment, or the server's wish for a retry interval. */
function frameOf(block: string): Frame | null {
  const frame: Frame = { id: "", type: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [name, value] = fieldOf(line);
    if (name === "data") data.push(value);
    else if (name === "id") frame.id = value;
    else if (name === "event") frame.type = value;
  }
  frame.data = data.join("\n");
  return data.length > 0 ? frame : null;
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  const begin = line[colon + 1] === " " ? colon + 2 : colon + 1;
  return [line.slice(0, colon), line.slice(begin)];
}
