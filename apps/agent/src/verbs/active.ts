import { Prescription, parseJsonDocument } from "@thymus/contracts";
import { openAgentDatabase } from "../state/open.ts";

/** The prescriptions that are active on this machine: what `thymus scan` uses unless it is told otherwise. */
export async function activePrescriptions(dataDir: string): Promise<Prescription[]> {
  const db = await openAgentDatabase(dataDir);
  try {
    const rows = await db
      .selectFrom("prescription")
      .select(["id", "document"])
      .where("state", "=", "active")
      .orderBy("id")
      .execute();
    return rows.map(({ id, document }) =>
      parseJsonDocument(Prescription, document ?? "", `prescription ${id}`),
    );
  } finally {
    await db.destroy();
  }
}
