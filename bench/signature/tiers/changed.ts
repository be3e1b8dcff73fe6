import { blindHarmless } from "../blind/index.ts";
import { seeded } from "../blind/random.ts";
import type { Good } from "../corpora/parts.ts";
import { hosts } from "./hosts.ts";

const EACH = 6;

/** Clean files after signing, stripping, packing, a new licence text and what else owners do: no rule may hit them. */
export function changedByOwners(files: readonly Good[]): { name: string; bytes: Uint8Array }[] {
  const found: { name: string; bytes: Uint8Array }[] = [];
  for (const each of blindHarmless) {
    const accepts = (file: Good) => {
      if (each.hosts === "elf") return file.type === "elf64" && file.architecture !== "arm64";
      if (each.hosts === "json") return file.path.endsWith(".json");
      return file.type === (each.scriptKind ?? "python");
    };
    let count = 0;
    for (const { path, bytes } of hosts(files, accepts)) {
      const after = each.infect(bytes, seeded(`${each.id} ${count}`));
      if (after === null) continue;
      found.push({ name: `${each.id} ${path.slice(path.lastIndexOf("/") + 1)}`, bytes: after });
      if (++count === EACH) break;
    }
  }
  return found;
}
