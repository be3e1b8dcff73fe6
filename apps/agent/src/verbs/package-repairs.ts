import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { asThymusError, type Sha256 } from "@thymus/contracts";
import { ProtectedPaths } from "../files/protected.ts";
import { readRegular, sha256Of } from "../files/regular.ts";
import { Roots, watchedFolders } from "../files/roots.ts";
import type { PackageManager } from "../packages/manager.ts";
import { packagesOf } from "../packages/system.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { archived, putPackageFile } from "../repair/from-package.ts";
import { recoverAlone } from "../repair/recover.ts";
import { openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

/** `back`: it is what its package brought again (or would be). */
export interface PackageOutcome {
  readonly path: string;
  readonly result: "back" | "unchanged" | "refused" | "failed";
  readonly why: string | null;
  readonly sha256Before: Sha256 | null;
  readonly sha256After: Sha256 | null;
}

/** `thymus repair --package`: a file goes back from its package's signed archive. Beside a running agent or without one. */
export interface PackageVerbs {
  /** Never throws for what is wrong with the file: the outcome says it. A dry run fetches, tells and changes nothing. */
  repair(path: string, options?: { dryRun?: boolean }): Promise<PackageOutcome>;
  close(): Promise<void>;
}

/** @throws ThymusError STORE_FAILED, KEY_PERMISSIONS */
export async function openPackageRepairs(
  { dataDir, config }: VerbOptions,
  given?: PackageManager,
): Promise<PackageVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const packages = given ?? packagesOf(db);
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const paths = new ProtectedPaths(dataDir, [drill, roots.drill]);
  const maxBytes = config.admin.maxSampleBytes;
  const quarantine = new Quarantine({
    ...{ db, vault: await openVault(dataDir), folder: join(dataDir, "quarantine") },
    maxBytes: config.agent.quarantineBytes,
  });
  const context = { db, quarantine, maxBytes };
  const release = await recoverAlone(context, dataDir);

  const once = async (path: string, dryRun: boolean): Promise<PackageOutcome> => {
    const content = await readRegular(path, maxBytes);
    const before = content?.whole ? sha256Of(content.bytes) : null;
    const said = (result: PackageOutcome["result"], why: string | null, after: Sha256 | null = null) => ({
      ...{ path, result, why, sha256Before: before, sha256After: after },
    });
    if (content && !content.whole) return said("failed", `it is larger than ${maxBytes} bytes`);
    paths.refuse(path);
    const claim = await packages.claim(path);
    if (!claim) return said("refused", "it belongs to no package");
    if (claim.kind === "conffile")
      return said("refused", `its owner may change it; package ${claim.package} has it as configuration`);
    if (await packages.busy()) return said("refused", "the package manager is at work");
    const clean = await archived(packages, path, config.agent.fetchPackages);
    if ("refused" in clean) return said("refused", clean.refused);
    const after = sha256Of(clean.bytes);
    if (after === before) return said("unchanged", null);
    if (!dryRun)
      await putPackageFile(context, {
        ...{ path, root: roots.of(path), clean, expected: before, case: null },
        why: "put back from its package by hand",
        also: async () => {},
      });
    const missing = clean.original?.capable
      ? "; configure the package again: it gives files capabilities"
      : "";
    return said("back", clean.how + missing, after);
  };

  return {
    async repair(named, { dryRun = false } = {}) {
      const given = resolve(named);
      // A link on the way is the owner's; the file itself may be gone.
      const path = join(await realpath(dirname(given)).catch(() => dirname(given)), basename(given));
      try {
        return await once(path, dryRun);
      } catch (thrown) {
        const error = asThymusError(thrown);
        const result = error.code === "PROTECTED_PATH" ? "refused" : "failed";
        const why = `${error.code}: ${error.message}`;
        return { path, result, why, sha256Before: null, sha256After: null };
      }
    },
    async close() {
      await db.destroy();
      release();
    },
  };
}
