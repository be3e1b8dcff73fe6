import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

const compiler = join(import.meta.dirname, "../../../node_modules/.bin/tsc");

/** A TypeScript project: built, a constant and the target changed, built anew. */
export const typescript: Work = {
  name: "typescript",
  needs: [],
  async carryOut(desk) {
    const modules = upTo(10 * desk.scale);
    const settings = (target: string) =>
      JSON.stringify({
        compilerOptions: {
          target,
          module: "esnext",
          outDir: "out",
          rootDir: "src",
          declaration: true,
          sourceMap: true,
          types: [],
        },
        include: ["src"],
      });
    for (const index of modules)
      await desk.put(
        join(desk.folder, `src/module${index}.ts`),
        `import { version } from "./version.ts";\n/* ${prose(index, 4)} */\nexport class Part${index} {\n  #at = ${index};\n  async work(by?: number) { for await (const n of [1, 2]) this.#at += by ?? n; return \`\${version} \${this.#at}\`; }\n}\n`,
      );
    for (const index of upTo(3))
      await desk.put(
        join(desk.folder, `src/command${index}.ts`),
        `#!/usr/bin/env node\nimport { Part${index} } from "./module${index}.ts";\nnew Part${index}().work();\n`,
      );
    const targets = ["es2022", "es2022", "es2018"];
    for (const [turn, target] of targets.entries()) {
      await desk.put(join(desk.folder, "src/version.ts"), `export const version = "1.${turn}";\n`);
      await desk.put(join(desk.folder, "tsconfig.json"), settings(target));
      await desk.run(
        compiler,
        ["-p", ".", "--allowImportingTsExtensions", "--rewriteRelativeImportExtensions"],
        { cwd: desk.folder },
      );
      await desk.pause();
    }
  },
};
