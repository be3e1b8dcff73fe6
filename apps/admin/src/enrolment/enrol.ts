import {
  type EnrolReply,
  type EnrolRequest,
  MachineId,
  newId,
  parseDocument,
  ThymusError,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { Kysely } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";
import { readMeta, type State, writeMeta } from "../state/state.ts";
import { redeemToken } from "./tokens.ts";

/** What every agent has to know of the analysis centre. */
export interface Centre {
  readonly recipient: string | null;
  readonly tufRoot: string | null;
}

export async function readCentre(db: Kysely<AdminDatabase>): Promise<Centre> {
  return { recipient: await readMeta(db, "recipient"), tufRoot: await readMeta(db, "tuf-root") };
}

/**
 * Enrols a machine by its one-time token. Repeatable: the same key with the same token is the same machine again.
 * @throws ThymusError TOKEN_INVALID, TOKEN_USED, DOCUMENT_INVALID
 */
export async function enrol(state: State, request: EnrolRequest): Promise<EnrolReply> {
  if ((request.role === "analysis") !== (request.analysis !== null)) {
    throw new ThymusError(
      "DOCUMENT_INVALID",
      `an enrolment as ${request.role} ${request.analysis ? "must not" : "must"} say its analysis keys`,
      "update the program that enrols",
    );
  }
  const reply = await state.change(async (change) => {
    const { db, now } = change;
    await redeemToken(change, request.secret, request.role, request.publicKey);
    const known = await db
      .selectFrom("machine")
      .select(["id", "role"])
      .where("public_key", "=", request.publicKey)
      .executeTakeFirst();
    if (known && known.role !== request.role) {
      throw new ThymusError(
        "CONFLICT",
        `this key is enrolled as ${known.role} already`,
        "use another data folder for the other role",
      );
    }
    const machine = known ? parseDocument(MachineId, known.id, "machine") : newId("machine");
    const { hostname, version, role, publicKey } = request;
    await db
      .insertInto("machine")
      .values({
        id: machine,
        role,
        hostname,
        version,
        public_key: publicKey,
        enrolled: now,
        seen: now,
        health_json: null,
      })
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ hostname, version, seen: now }))
      .execute();
    if (request.analysis) {
      await writeMeta(db, "recipient", request.analysis.recipient);
      await writeMeta(db, "tuf-root", request.analysis.tufRoot);
      await change.revise();
    }
    change.tell({ type: "machine", id: machine });
    return { type: "enrolled" as const, machine, ...(await readCentre(db)) };
  });
  await failpoint("admin.machine.enrolled");
  return reply;
}
