import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { early } from "./build/early.ts";
import { packed } from "./build/packed.ts";
import { weight } from "./build/weight.ts";

const EDGE = process.env.EDGE ?? "http://127.0.0.1:8081";
const KILOBYTES = 250;

export default defineConfig({
  plugins: [react(), early("src/theme/early.ts"), weight(KILOBYTES), packed()],
  build: {
    target: "es2022",
    // The edge's Content-Security-Policy knows no data: URLs, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What counts is the weight above, gzipped; one file of it is one request.
    chunkSizeWarningLimit: 1_000,
  },
  server: {
    // The Host header stays what the browser said: the edge compares it with Origin.
    proxy: Object.fromEntries(
      ["/api", "/openapi.json", "/metrics", "/healthz", "/readyz"].map((path) => [path, { target: EDGE }]),
    ),
  },
  test: {
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"] } },
      { extends: true, test: { name: "components", environment: "jsdom", include: ["src/**/*.test.tsx"] } },
    ],
  },
});
