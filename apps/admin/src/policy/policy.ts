import { type Config, Policy, parseDocument, parseJsonDocument } from "@thymus/contracts";
import type { Kysely } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";
import { readMeta, type State, writeMeta } from "../state/state.ts";

/** The levels in force: what was set through the API, else what the configuration says. */
export async function readPolicy(db: Kysely<AdminDatabase>, config: Config): Promise<Policy> {
  const text = await readMeta(db, "policy");
  return text === null ? config.policy : parseJsonDocument(Policy, text, "the stored policy");
}

/** Sets the levels for everything that happens from now on; cases that wait stay waiting for their person. */
export async function writePolicy(state: State, value: unknown): Promise<Policy> {
  const policy = parseDocument(Policy, value, "policy");
  await state.change(async (change) => {
    await writeMeta(change.db, "policy", JSON.stringify(policy));
    change.tell({ type: "policy" });
  });
  return policy;
}
