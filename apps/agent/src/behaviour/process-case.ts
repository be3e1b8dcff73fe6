import { readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { type CaseId, type Config, type Logger, type MachineId, newId, Suspicion } from "@thymus/contracts";
import type { Outbox } from "../link/outbox.ts";
import type { Timeline } from "../link/timeline.ts";
import { examine } from "../monitors/examine.ts";
import type { PackageManager } from "../packages/manager.ts";
import type { Known } from "../processes/table.ts";
import type { Database } from "../state/open.ts";
import type { Cases } from "../suspicion/cases.ts";
import { countArguments } from "./arguments.ts";
import { explain, type Judgement } from "./judgement.ts";
import { programOf } from "./programs.ts";

export interface ProcessCaseOptions {
  readonly db: Database;
  readonly cases: Cases;
  readonly config: Config;
  readonly log: Logger;
  readonly machine: () => MachineId;
  readonly maxBytes: number;
  readonly outbox: Outbox;
  readonly packages: PackageManager;
  readonly timeline: Timeline;
}

/** Path of the program of a process: of the script that it interprets, else of the executable. */
export function programPath(known: Known): string | null {
  const program = programOf(known.image);
  if (program === null || program.startsWith("/")) return program;
  try {
    return resolve(readlinkSync(`/proc/${known.pid}/cwd`), program);
  } catch {
    return null;
  }
}

/**
 * Opens a case about the program of a process, unless there is one, or nothing is to be learnt from it: a program of a package does
 * what it was told. @returns the case, or null
 */
export async function openProcessCase(
  options: ProcessCaseOptions,
  known: Known,
  judgement: Judgement,
): Promise<CaseId | null> {
  const { cases, config, db, machine, maxBytes, outbox, packages, timeline } = options;
  const path = programPath(known);
  const said = `${path ?? known.image.exe ?? `process ${known.pid}`} is suspect by what it does, ${explain(judgement)}`;
  const now = path === null ? null : await examine(path, maxBytes, true).catch(() => null);
  if (!now?.content?.whole) {
    await timeline.note(db, null, `${said}; not submitted: its file cannot be read`);
    return null;
  }
  const { content } = now;
  const vouched = await packages.vouches(new Map([[now.path, content.bytes]]));
  if (vouched.has(now.path)) {
    // Its arguments may hold passwords: this line is kept, and goes to the server.
    const told = `${known.image.exe ?? `process ${known.pid}`} ${countArguments(known.image.cmdline)}`;
    await timeline.note(
      db,
      null,
      `${said}; not submitted: it is of package ${vouched.get(now.path)!.package} (${told})`,
    );
    return null;
  }
  const before = await db
    .selectFrom("suspect_case")
    .select("id")
    .where("path", "=", now.path)
    .where("sha256", "=", content.sha256)
    .where((eb) => eb.or([eb("step", "!=", "closed"), eb("outcome", "=", "gave-up")]))
    .executeTakeFirst();
  if (before) return before.id as CaseId;
  const at = new Date().toISOString();
  const observations = judgement.signs.map((sign) => ({
    id: newId("obs"),
    ...{ kind: sign.kind, path: sign.path.slice(0, 4096), at, what: sign.what.slice(0, 1024) },
    ...{ sha256Before: null, sha256After: null, prescription: null },
  }));
  const suspicion = Suspicion.parse({
    ...{ id: newId("sus"), machine: machine(), at, score: judgement.score, observations },
    subject: { path: now.path, sha256: content.sha256, size: content.bytes.length, type: now.type },
    reasons: judgement.signs.map((sign, index) => ({
      observation: observations[index]!.id,
      weight: sign.weight,
      why: `${sign.what}; it would not count if ${sign.unless}`,
    })),
  });
  const id = await cases.open(`process:${now.path}`, suspicion, []);
  await timeline.note(db, id, said);
  await outbox.spool(id);
  if (config.policy.submit === "observe") {
    await cases.close(id, { outcome: "gave-up", verdict: null, why: "policy.submit is observe" });
    await timeline.note(db, id, "not submitted: policy.submit is observe");
  }
  outbox.wake();
  return id;
}
