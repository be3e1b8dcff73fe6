/** Lets a drill worm loose among packages of a registry, in a sandbox without network: quick, and no chamber is needed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Den } from "../../drills/den.ts";
import { packageWormsFolder } from "../worms/worms.ts";

export interface DenPackage {
  readonly name: string;
  readonly version: string;
  readonly content: Uint8Array;
  /** The account may publish it. */
  readonly owner: boolean;
}

export interface DenRelease {
  readonly status: number | null;
  readonly said: string;
  readonly published: readonly { name: string; version: string; content: Uint8Array }[];
}

export function releaseInDen(
  id: string,
  options: { account: string; token: string; packages: readonly DenPackage[]; drill?: boolean },
): DenRelease {
  const den = new Den();
  try {
    const { account, token } = options;
    const packages = options.packages.map(({ name, version, owner, content }, i) => {
      den.put(`home/registry/${i}.tgz`, content, 0o644);
      return { name, version, owner, file: `${i}.tgz` };
    });
    den.put("home/registry/list.json", JSON.stringify({ account, token, packages }), 0o644);
    den.put("home/.npmrc", `//registry.npmjs.org/:_authToken=${token}\n`, 0o600);
    den.put("home/registry.mjs", readFileSync(join(import.meta.dirname, "registry.mjs")));
    den.put("home/setup.js", readFileSync(join(packageWormsFolder, id)));
    const words = ["/home/user/registry.mjs", "/home/user/registry", "/home/user/setup.js"];
    const { status, stdout, stderr } = den.run(["node", ...words], { drill: options.drill ?? true });
    const read = (file: string) => den.read(join("home/registry", file));
    const published = JSON.parse(read("published.json").toString("utf8")) as {
      name: string;
      version: string;
      file: string;
    }[];
    return {
      status,
      said: stdout + stderr,
      published: published.map(({ name, version, file }) => ({ name, version, content: read(file) })),
    };
  } finally {
    den.close();
  }
}
