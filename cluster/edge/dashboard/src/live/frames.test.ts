import { expect, test } from "vitest";
import { FrameReader } from "./frames";

const EVENT = 'id: 4f2a-7\ndata: {"event":"noop"}\n\n';

test("an event is told once it is whole, wherever the network cut it", () => {
  for (let cut = 1; cut < EVENT.length; cut += 1) {
    const reader = new FrameReader();
    const frames = [...reader.push(EVENT.slice(0, cut)), ...reader.push(EVENT.slice(cut))];
    expect(frames).toEqual([{ id: "4f2a-7", type: "message", data: '{"event":"noop"}' }]);
  }
});

test("comments and the wish for a retry interval are no events", () => {
  expect(new FrameReader().push("retry: 1000\n\n: still here\n\n")).toEqual([]);
});

test("an event may have a name, several lines and no id", () => {
  expect(new FrameReader().push("event: gap\ndata: a\ndata:b\n\n")).toEqual([{ id: "", type: "gap", data: "a\nb" }]);
});

test("several events may come at once", () => {
  expect(new FrameReader().push(EVENT + EVENT)).toHaveLength(2);
});
