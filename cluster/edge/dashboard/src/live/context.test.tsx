import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { LiveProvider, useLog } from "./context";
import { frame } from "./event.fixture";

afterEach(() => { vi.unstubAllGlobals(); });

/** A server that tells events 1 to `last`, then stays silent. */
function serve(last: number): void {
  const told = Array.from({ length: last }, (_, index) => frame(index + 1));
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(new ReadableStream({
    start(control) {
      for (const { id, data } of told) control.enqueue(new TextEncoder().encode(`id: ${id}\ndata: ${data}\n\n`));
    },
  }))));
}

function Count() {
  return <p>{useLog().rows.length} events</p>;
}

function Counts({ places }: { places: number }) {
  const [cache] = useState(() => new QueryClient());
  return (
    <QueryClientProvider client={cache}>
      <LiveProvider>{Array.from({ length: places }, (_, place) => <Count key={place} />)}</LiveProvider>
    </QueryClientProvider>
  );
}

test("a log hears what happens, and one that is looked at later knows it at once", async () => {
  serve(3);
  const { rerender } = render(<Counts places={1} />);
  await screen.findByText("3 events");
  rerender(<Counts places={2} />);
  expect(screen.getAllByText("3 events")).toHaveLength(2);
});
