import { join } from "node:path";
import { openDatabase } from "@thymus/store";
import type { Kysely } from "kysely";
import { migrations } from "./migrations.ts";
import type { AgentDatabase } from "./schema.ts";

export type Database = Kysely<AgentDatabase>;

/** Opens DIR/agent/agent.db. The command line may open it beside a running agent: every change is a transaction. */
export function openAgentDatabase(dataDir: string): Promise<Database> {
  return openDatabase<AgentDatabase>(join(dataDir, "agent.db"), [...migrations]);
}
