import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { minify, type Plugin, transformWithOxc } from "vite";

/**
 * Puts the script at `path` (from this package's folder, importing nothing) into the head, to be run before anything is
 * drawn. Not a module, which would wait for the whole document, and not inline, which the edge's policy refuses.
 */
export function early(path: string): Plugin {
  let address = `/${path}`;
  return {
    name: "early",
    async buildStart() {
      if (this.environment.mode !== "build") return;
      const { code } = await minify(path, (await transformWithOxc(readFileSync(path, "utf8"), path)).code);
      const fileName = `assets/early-${createHash("sha256").update(code).digest("hex").slice(0, 8)}.js`;
      this.emitFile({ type: "asset", fileName, source: code });
      address = `/${fileName}`;
    },
    transformIndexHtml: () => [{ tag: "script", attrs: { src: address }, injectTo: "head-prepend" }],
  };
}
