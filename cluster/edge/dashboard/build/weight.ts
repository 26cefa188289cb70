import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Ends the build when what a browser downloads, scripts and styles gzipped, weighs more than `kilobytes`. */
export function weight(kilobytes: number): Plugin {
  return {
    name: "weight",
    apply: "build",
    writeBundle(_options, bundle) {
      const bytes = Object.values(bundle)
        .filter((file) => /\.(js|css)$/.test(file.fileName))
        .map((file) => gzipSync(file.type === "chunk" ? file.code : file.source).length)
        .reduce((sum, size) => sum + size, 0);
      const told = `${(bytes / 1000).toFixed(1)} kB gzipped of ${kilobytes} kB allowed`;
      if (bytes > kilobytes * 1000) this.error(`the dashboard weighs ${told}`);
      this.info(told);
    },
  };
}
