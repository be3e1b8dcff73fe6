import type { Claim, PackageManager, Vouch } from "./manager.ts";

/** Several package managers of one machine as one: the first that knows something of a file answers. */
export function several(managers: readonly PackageManager[]): PackageManager {
  return {
    async vouches(contents) {
      const found = new Map<string, Vouch>();
      for (const manager of managers) {
        const rest = new Map([...contents].filter(([path]) => !found.has(path)));
        if (rest.size > 0) for (const [path, vouch] of await manager.vouches(rest)) found.set(path, vouch);
      }
      return found;
    },
    async claim(path, age) {
      let first: Claim | null = null;
      for (const manager of managers) {
        const claim = await manager.claim(path, age);
        // A project's own installer is anybody's: it excuses nothing of a package of the system.
        if (claim?.underway && (first === null || claim.kind !== "dependency")) return claim;
        first ??= claim;
      }
      return first;
    },
    async contents() {
      const found = new Map<string, string[]>();
      for (const manager of managers)
        for (const [path, digests] of await manager.contents())
          found.set(path, [...(found.get(path) ?? []), ...digests]);
      return found;
    },
    async stamp() {
      return (await Promise.all(managers.map((manager) => manager.stamp()))).join("; ");
    },
    async busy() {
      for (const manager of managers) if (await manager.busy()) return true;
      return false;
    },
    async original(path, fetch, signal) {
      const why: string[] = [];
      for (const manager of managers) {
        if (!(await manager.claim(path))) continue;
        const original = await manager.original(path, fetch, signal);
        if (!("refused" in original)) return original;
        why.push(original.refused);
      }
      return { refused: why.join("; ") || "it belongs to no package" };
    },
    async notices() {
      return (await Promise.all(managers.map((manager) => manager.notices?.() ?? []))).flat();
    },
    async confirm(packages) {
      return (await Promise.all(managers.map((manager) => manager.confirm(packages)))).flat();
    },
  };
}
