import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { asThymusError, type Sha256, silentLogger } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Copies, Copy } from "../copies/copies.ts";
import { openCopies } from "../copies/open.ts";
import { ProtectedPaths } from "../files/protected.ts";
import { isMissing, readRegular, sha256Of } from "../files/regular.ts";
import { Roots, watchedFolders } from "../files/roots.ts";
import { baselineRow, programsBelow } from "../monitors/baseline.ts";
import { Quarantine } from "../quarantine/quarantine.ts";
import { openVault } from "../quarantine/vault.ts";
import { putBack, putMissing } from "../repair/put-back.ts";
import { rebuildKnown } from "../repair/rebuild-known.ts";
import { recoverAlone } from "../repair/recover.ts";
import { replaceContent } from "../repair/replace.ts";
import { ActivePrescriptions } from "../scanning/active.ts";
import { openAgentDatabase } from "../state/open.ts";
import type { VerbOptions } from "./quarantine.ts";

/**
 * `back`: it is the accepted content again (or would be); `lost`: it was something else, and nothing gives that back; `unknown`: no
 * copy is kept, and the baseline knows no content of it.
 */
export interface CopyOutcome {
  readonly path: string;
  readonly result: "back" | "unchanged" | "unknown" | "lost" | "refused" | "failed";
  readonly why: string | null;
  readonly sha256Before: Sha256 | null;
  readonly sha256After: Sha256 | null;
  /** When the copy was taken. */
  readonly copied: string | null;
}

export interface CopyVerbOptions {
  readonly dryRun?: boolean;
  /** The newest copy taken before this instant, also where the file is as it was accepted. */
  readonly before?: string;
}

/** `thymus repair --baseline`: what was overwritten goes back from the agent's copies. Beside a running agent or without one. */
export interface CopyVerbs {
  /** Never throws for what is wrong with a file: the outcome says it. A folder stands for all that is known below it. */
  repair(path: string, options?: CopyVerbOptions): AsyncGenerator<CopyOutcome>;
  close(): Promise<void>;
}

/** @throws ThymusError STORE_FAILED, KEY_PERMISSIONS, RULE_INVALID */
export async function openCopyRepairs({ dataDir, config }: VerbOptions): Promise<CopyVerbs> {
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const paths = new ProtectedPaths(dataDir, [drill, roots.drill]);
  const vault = await openVault(dataDir);
  const quarantine = new Quarantine({
    ...{ db, vault, folder: join(dataDir, "quarantine"), maxBytes: config.agent.quarantineBytes },
  });
  const maxBytes = config.admin.maxSampleBytes;
  const context = { db, quarantine, maxBytes };
  const active = new ActivePrescriptions(db, silentLogger);
  await active.load();
  const copies = await openCopies({
    ...{ db, dataDir, vault, config },
    suspect: async (bytes, type, sha256) => active.find(bytes, type, sha256) !== null,
  });
  const release = await recoverAlone(context, dataDir);

  const once = async (path: string, { dryRun = false, before }: CopyVerbOptions): Promise<CopyOutcome> => {
    const content = await readRegular(path, maxBytes).catch((error: Error) => {
      if (isMissing(error)) return null;
      throw error;
    });
    const sha256 = content?.whole ? sha256Of(content.bytes) : null;
    const said = (
      result: CopyOutcome["result"],
      why: string | null,
      copy: Copy | null = null,
    ): CopyOutcome => {
      const after = result === "back" ? ((copy?.sha256 ?? null) as Sha256 | null) : null;
      return { path, result, why, sha256Before: sha256, sha256After: after, copied: copy?.at ?? null };
    };
    if (content && !content.whole) return said("failed", `it is larger than ${maxBytes} bytes`);
    const accepted = (await baselineRow(db, path))?.sha256 ?? null;
    if (!before && accepted !== null && accepted === sha256) return said("unchanged", null);
    const all = await copies.of(path);
    const start = before
      ? all.findIndex(({ at }) => Date.parse(at) < Date.parse(before))
      : all.findIndex((copy) => accepted === null || copy.sha256 === accepted);
    const root = roots.of(path);
    const why = "put back from a copy by hand";
    const cause = { why, prescription: null, case: null, how: "put-back", also: async () => {} };
    const subjectOf = (clean: Uint8Array) => ({
      ...{ path, root, type: identifyFile(clean, basename(path)) },
      ...{ facts: content!.facts, bytes: content!.bytes },
    });
    if (start < 0) {
      if (before) return said("lost", `no copy of it from before ${before} is kept`);
      if (accepted === null)
        return all.length > 0 || content === null
          ? said("lost", "no copy of it is kept")
          : said("unknown", "no copy of it is kept, and the baseline does not know its content");
      const none = "no copy of its accepted content is kept";
      if (content === null) return said("lost", none);
      const built = await rebuildKnown(db, path, content.bytes, sha256!);
      if ("refused" in built) return said("lost", `${none}; by its fingerprint: ${built.refused}`);
      paths.refuse(path);
      const clean = built.repaired;
      if (await copies.isSuspect(path, clean, sha256Of(clean)))
        return said("lost", `${none}; an active rule finds the one that its fingerprint gives`);
      if (!dryRun)
        await replaceContent(context, { ...cause, subject: subjectOf(clean), content: clean, mtimeNs: null });
      return { ...said("back", `by its fingerprint (${built.how})`), sha256After: sha256Of(clean) };
    }
    // A copy from before a rule was known may be what the rule is about: then the next older one.
    const current = content && sha256 !== null ? { sha256, bytes: content.bytes } : null;
    const clean = await copies.firstClean(all.slice(start), current);
    if (!clean) return said("lost", "an active rule finds every copy of it that would go back");
    const { copy: wanted, bytes, skipped } = clean;
    if (wanted.sha256 === sha256) {
      const older = all.length > 1 ? "older copies of it are kept: name an instant with --before" : null;
      return said("unchanged", older, wanted);
    }
    paths.refuse(path);
    if (!dryRun && content)
      await putBack(context, { ...cause, subject: subjectOf(bytes), copy: wanted, bytes });
    else if (!dryRun) await putMissing(context, wanted, bytes, { root, why });
    return said("back", skipped > 0 ? `an active rule finds ${skipped} newer` : null, wanted);
  };

  return {
    async *repair(named, options = {}) {
      for (const path of await pathsOf(named, copies, db)) {
        try {
          yield await once(path, options);
        } catch (thrown) {
          const error = asThymusError(thrown);
          const result =
            error.code === "PROTECTED_PATH"
              ? "refused"
              : error.code === "QUARANTINE_DAMAGED"
                ? "lost"
                : "failed";
          const why = `${error.code}: ${error.message}`;
          yield { path, result, why, sha256Before: null, sha256After: null, copied: null };
        }
      }
    },
    async close() {
      active.close();
      await db.destroy();
      release();
    },
  };
}

/** The path itself where it is a file or nothing; all that is known below it where it is a folder. */
async function pathsOf(
  named: string,
  copies: Copies,
  db: Parameters<typeof baselineRow>[0],
): Promise<string[]> {
  const path = resolve(named);
  // A link on the way is the owner's; the file itself may be gone.
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  const real = path === "/" ? path : join(folder, basename(path));
  const known = [...(await copies.below(real)), ...(await programsBelow(db, real)).map((row) => row.path)];
  return known.length === 0 ? [real] : [...new Set(known)].sort();
}
