/** How common a file is in the fleet, and whose word about it counts. */
import type { FleetCount, SampleMeta } from "@thymus/contracts";
import type { Kysely } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";

const DAY = 24 * 3600 * 1000;
/** Milliseconds that a machine must have told of a file before its word counts: what spreads fast is younger. */
export const VOUCHED_FOR = 7 * DAY;
/** A machine that was not heard of for so long is no witness any more. In milliseconds. */
const WITNESS_FOR = 90 * DAY;

async function contributors(db: Kysely<AdminDatabase>): Promise<number> {
  const { machines } = await db
    .selectFrom("fleet_part")
    .select((select) => select.fn.count<number>("machine").distinct().as("machines"))
    .executeTakeFirstOrThrow();
  return machines;
}

const holding = (db: Kysely<AdminDatabase>, sha256: string, size: number) =>
  db
    .selectFrom("fleet_file")
    .select((select) => select.fn.countAll<number>().as("machines"))
    .where("fleet_file.sha256", "=", Buffer.from(sha256, "hex"))
    .where("fleet_file.size", "=", size);

/** Machines that hold a file, as they say; null where no machine tells what it holds. */
export async function howCommon(
  db: Kysely<AdminDatabase>,
  sha256: string,
  size: number,
): Promise<FleetCount | null> {
  const of = await contributors(db);
  if (of === 0) return null;
  const { machines } = await holding(db, sha256, size).executeTakeFirstOrThrow();
  return { machines, of };
}

/**
 * Machines whose word counts that a sample is good. Left out are those that suspect it themselves, ever did, told of it
 * less than a week ago, or were not heard of for three months. Nobody's word counts where the content was ever found
 * harmful, or is a specimen of a prescription.
 */
export async function vouchers(
  db: Kysely<AdminDatabase>,
  { sha256, size }: Pick<SampleMeta, "sha256" | "size">,
  now: number,
): Promise<FleetCount | null> {
  const of = await contributors(db);
  if (of === 0) return null;
  const judged = await db
    .selectFrom("incident")
    .select("id")
    .where("sha256", "=", sha256)
    .where("verdict", "is not", null)
    .where("verdict", "<>", "harmless")
    .executeTakeFirst();
  const specimen = await db
    .selectFrom("specimen")
    .select("prescription")
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  if (judged || specimen) return { machines: 0, of };
  const { machines } = await holding(db, sha256, size)
    .innerJoin("machine", "machine.id", "fleet_file.machine")
    .where("machine.role", "=", "agent")
    .where("machine.seen", ">=", now - WITNESS_FOR)
    .where("fleet_file.since", "<=", now - VOUCHED_FOR)
    .where((where) =>
      where.not(
        where(
          "fleet_file.machine",
          "in",
          where
            .selectFrom("opening")
            .innerJoin("incident", "incident.id", "opening.incident")
            .select("opening.machine")
            .where("incident.sha256", "=", sha256),
        ),
      ),
    )
    .executeTakeFirstOrThrow();
  return { machines, of };
}
