import { type LinkKeys, NONCE_MEMORY_MS, type OpenOptions } from "@thymus/trust";
import type { State } from "../state/state.ts";

/** What opening a message needs of our state: who has which key, and which messages came before. */
export function openOptions(state: State, keys: LinkKeys): OpenOptions {
  return {
    keys,
    now: state.now,
    async publicKeyOf(machine) {
      const row = await state.db
        .selectFrom("machine")
        .select("public_key")
        .where("id", "=", machine)
        .executeTakeFirst();
      return row?.public_key ?? null;
    },
    async seen(nonce) {
      const result = await state.db
        .insertInto("nonce")
        .values({ nonce, at: state.now() })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (result.numInsertedOrUpdatedRows ?? 0n) === 0n;
    },
  };
}

/** Forgets the nonces of messages that are too old to be taken anyway. */
export async function forgetNonces(state: State): Promise<void> {
  await state.db
    .deleteFrom("nonce")
    .where("at", "<", state.now() - NONCE_MEMORY_MS)
    .execute();
}
