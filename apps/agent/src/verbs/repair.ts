import { mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { asThymusError, type Prescription, type RepairOutcome, type Sha256 } from "@thymus/contracts";
import { createBundle, identifyFile, loadEngine, scanFile } from "@thymus/detection";
import { repairWith } from "@thymus/repair";
import { ProtectedPaths } from "../files/protected.ts";
import { readRegular, sha256Of } from "../files/regular.ts";
import { Roots, watchedFolders } from "../files/roots.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { recoverAlone } from "../repair/recover.ts";
import { replaceContent } from "../repair/replace.ts";
import { openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

/** `thymus repair ...`: one prescription by hand, beside a running agent or without one. */
export interface RepairVerbs {
  /** Never throws for what is wrong with the file: the outcome says it. A dry run tells and changes nothing. */
  repair(path: string, options?: { dryRun?: boolean }): Promise<RepairOutcome>;
  close(): Promise<void>;
}

/** @throws ThymusError RULE_INVALID, STORE_FAILED, KEY_PERMISSIONS */
export async function openRepairs(
  { dataDir, config }: VerbOptions,
  prescription: Prescription,
): Promise<RepairVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const bundle = createBundle([prescription]);
  const engine = await loadEngine();
  const rules = { bundle, compiled: engine.compile([...bundle.rules]) };
  const db = await openAgentDatabase(dataDir);
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const paths = new ProtectedPaths(dataDir, [drill, roots.drill]);
  const maxBytes = config.admin.maxSampleBytes;
  const quarantine = new Quarantine({
    db,
    folder: join(dataDir, "quarantine"),
    vault: await openVault(dataDir),
    maxBytes: config.agent.quarantineBytes,
  });
  const release = await recoverAlone({ db, quarantine, maxBytes }, dataDir);
  const found = (bytes: Uint8Array, path: string) =>
    scanFile(rules, bytes, identifyFile(bytes, basename(path))).length > 0;

  const once = async (path: string, dryRun: boolean): Promise<RepairOutcome> => {
    const content = await readRegular(path, maxBytes);
    if (!content) return outcome(path, "not-infected", "it is no regular file");
    if (!content.whole) return outcome(path, "failed", `it is larger than ${maxBytes} bytes`);
    const { bytes, facts } = content;
    const before = sha256Of(bytes);
    if (!found(bytes, path)) return outcome(path, "not-infected", null, before);
    paths.refuse(path);
    const type = identifyFile(bytes, basename(path));
    const result = repairWith(prescription.repair, bytes, type, (clean) =>
      identifyFile(clean, basename(path)),
    );
    if ("refused" in result) return outcome(path, "refused", result.refused, before);
    if (found(result.repaired, path))
      return outcome(path, "refused", "the rule still finds the repaired content", before);
    if (!dryRun)
      await replaceContent(
        { db, quarantine, maxBytes },
        {
          subject: { path, root: roots.of(path), type, facts, bytes },
          content: result.repaired,
          mtimeNs: null,
          how: "repaired-by-hand",
          why: `infected with ${prescription.family}`,
          prescription: prescription.id,
          case: null,
          also: async () => {},
        },
      );
    return { ...outcome(path, "repaired", null, before), sha256After: sha256Of(result.repaired) };
  };

  return {
    async repair(named, { dryRun = false } = {}) {
      const path = resolve(named);
      try {
        return await once(path, dryRun);
      } catch (thrown) {
        const error = asThymusError(thrown);
        const refused = error.code === "PROTECTED_PATH";
        return outcome(path, refused ? "refused" : "failed", `${error.code}: ${error.message}`);
      }
    },
    async close() {
      rules.compiled.close();
      await db.destroy();
      release();
    },
  };
}

function outcome(
  path: string,
  result: RepairOutcome["result"],
  why: string | null,
  before: Sha256 | null = null,
): RepairOutcome {
  return { path, result, why, sha256Before: before, sha256After: null };
}
