import type { Logger } from "@thymus/contracts";
import { asThymusError } from "@thymus/contracts";
import { giveUpLostAnalyses } from "./cases/analysis.ts";
import { applyMessage, type CaseParts } from "./cases/apply.ts";
import { forgetNonces } from "./link/open.ts";
import { finishRollout } from "./rollout/outcomes.ts";
import type { State } from "./state/state.ts";

/** Milliseconds between two looks at what time alone brings about. */
const EVERY = 1000;

/**
 * A patient could not report while this server was down: it has its whole time again from the start on.
 */
export async function graceAfterStart(state: State, patientSeconds: number): Promise<void> {
  await state.db
    .updateTable("incident")
    .set({ deadline: state.now() + patientSeconds * 1000 })
    .where("stage", "=", "patient")
    .where("deadline", "is not", null)
    .execute();
}

/** What time brings about: silent patients, rollouts that wait for nobody any more, lost analyses, old nonces. */
export async function look(state: State, parts: CaseParts): Promise<void> {
  const silent = await state.db
    .selectFrom("incident")
    .select("id")
    .where("stage", "=", "patient")
    .where("deadline", "<=", state.now())
    .execute();
  for (const { id } of silent) {
    await state.change(async (change) => {
      const row = await change.db
        .selectFrom("incident")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      await applyMessage(change, parts, row, { type: "patient-silent" });
    });
  }
  const spreading = await state.db
    .selectFrom("incident")
    .select("id")
    .where("stage", "=", "rollout")
    .execute();
  for (const { id } of spreading) await state.change((change) => finishRollout(change, parts, id));
  await giveUpLostAnalyses(state, parts);
  await forgetNonces(state);
}

/** Milliseconds by which the clock may run away from the time that really passed between two looks. */
const JUMP = 5000;

/**
 * Tells whether the clock jumped forward since the last question: set by hand or by NTP, or the machine slept. Patients
 * had no time to report then, though their deadlines are over.
 * @param wall milliseconds since 1970, @param steady milliseconds of a clock that nobody sets
 */
export function clockJumps(wall = Date.now, steady = () => performance.now()): () => boolean {
  let ahead = wall() - steady();
  return () => {
    const before = ahead;
    ahead = wall() - steady();
    return ahead - before > JUMP;
  };
}

/** Looks again and again. @returns how to stop, which waits for a look that is under way */
export function watch(state: State, parts: CaseParts, log: Logger): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const jumped = clockJumps();
  const next = async () => {
    if (jumped()) await graceAfterStart(state, parts.config.admin.patientSeconds);
    await look(state, parts);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = next()
      .catch((error) => log.error(asThymusError(error).toLine()))
      .finally(() => {
        busy = false;
      });
  }, EVERY);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
