import { type MachineList, MachineView, parseDocument, SyncRequest, ThymusError } from "@thymus/contracts";
import type { Kysely, Selectable } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";
import type { State } from "../state/state.ts";

/** A machine that was not heard of for so long is silent, and no rollout waits for it. */
export const SILENT_AFTER_MS = 10 * 60 * 1000;

export type MachineRow = Selectable<AdminDatabase["machine"]>;

/** @throws ThymusError UNAUTHENTICATED where the machine is not enrolled here */
export async function knownMachine(db: Kysely<AdminDatabase>, id: string | null): Promise<MachineRow> {
  const row = id
    ? await db.selectFrom("machine").selectAll().where("id", "=", id).executeTakeFirst()
    : undefined;
  if (!row) throw new ThymusError("UNAUTHENTICATED", "this machine is not enrolled here", "join again");
  return row;
}

/** Remembers that a machine spoke, and how it says it is. Listeners are told when something they show changed. */
export async function sawMachine(
  state: State,
  machine: MachineRow,
  health: SyncRequest["health"] | null,
): Promise<void> {
  const health_json = health ? JSON.stringify(health) : machine.health_json;
  const version = health?.version ?? machine.version;
  const wasSilent = state.now() - (machine.seen ?? 0) > SILENT_AFTER_MS;
  await state.db
    .updateTable("machine")
    .set({ seen: state.now(), health_json, version })
    .where("id", "=", machine.id)
    .execute();
  if (wasSilent || health_json !== machine.health_json) state.hub.tell({ type: "machine", id: machine.id });
}

/** Every enrolled machine with what it said last. */
export async function listMachines(db: Kysely<AdminDatabase>, now: number): Promise<MachineList> {
  const rows = await db.selectFrom("machine").selectAll().orderBy("enrolled").orderBy("id").execute();
  return { machines: rows.map((row) => viewOf(row, now)) };
}

function viewOf(row: MachineRow, now: number): MachineView {
  const health = row.health_json
    ? parseDocument(SyncRequest.shape.health, JSON.parse(row.health_json), "stored health")
    : null;
  const silent = now - (row.seen ?? 0) > SILENT_AFTER_MS;
  return parseDocument(
    MachineView,
    {
      id: row.id,
      hostname: row.hostname,
      role: row.role,
      version: row.version,
      enrolled: new Date(row.enrolled).toISOString(),
      seen: row.seen === null ? null : new Date(row.seen).toISOString(),
      state: silent ? "silent" : health?.blind ? "blind" : "well",
      active: health?.active.length ?? 0,
      watched: health?.watched ?? [],
      files: health?.files ?? 0,
      lostEvents: health?.lostEvents ?? 0,
      blind: health?.blind ?? null,
      coverage: health?.coverage ?? null,
    },
    "machine",
  );
}

/** The agents for which a rollout waits: those heard of lately. */
export async function liveAgents(db: Kysely<AdminDatabase>, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom("machine")
    .select("id")
    .where("role", "=", "agent")
    .where("seen", ">=", now - SILENT_AFTER_MS)
    .execute();
  return rows.map((row) => row.id);
}
