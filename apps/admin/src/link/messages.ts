import { type LinkReply, type LinkRequest, ThymusError } from "@thymus/contracts";
import { claimWork, renewLease, reportAnalysis } from "../cases/analysis.ts";
import { openCase } from "../cases/open.ts";
import { type MachineRow, sawMachine } from "../enrolment/machines.ts";
import { offerSelf, takePart } from "../fleet/contribute.ts";
import type { Parts } from "../parts.ts";
import { recordOutcome } from "../rollout/outcomes.ts";
import { retired, standing } from "../rollout/prescriptions.ts";
import { recordEvents } from "./events.ts";
import { sync } from "./sync.ts";

/** Who may say what. */
const SPEAKERS: Readonly<Record<LinkRequest["type"], "agent" | "analysis">> = {
  sync: "agent",
  "open-case": "agent",
  outcome: "agent",
  events: "agent",
  "self-offer": "agent",
  "self-part": "agent",
  claim: "analysis",
  renew: "analysis",
  analysed: "analysis",
  publish: "analysis",
};

/** @throws ThymusError FORBIDDEN */
export function checkRole(machine: MachineRow, type: LinkRequest["type"]): void {
  if (machine.role === SPEAKERS[type]) return;
  throw new ThymusError(
    "FORBIDDEN",
    `the role ${machine.role} may not say ${type}`,
    "join with another token",
  );
}

/**
 * Answers one opened message of an enrolled machine.
 * @param gone aborts when the sender has hung up
 * @throws ThymusError of any code that its part throws
 */
export async function answer(
  parts: Parts,
  machine: MachineRow,
  body: LinkRequest,
  gone: AbortSignal,
): Promise<LinkReply> {
  const { state } = parts;
  checkRole(machine, body.type);
  await sawMachine(state, machine, body.type === "sync" ? body.health : null);
  switch (body.type) {
    case "sync":
      return sync(state, machine.id, body, gone);
    case "open-case":
      return openCase(state, parts, machine.id, body);
    case "outcome":
      await recordOutcome(state, parts, machine.id, body);
      return { type: "done" };
    case "events":
      await recordEvents(state, machine.id, body);
      return { type: "done" };
    case "self-offer":
      return { type: "self-wanted", parts: await offerSelf(state, machine.id, body) };
    case "self-part":
      await takePart(state, machine.id, body, parts.config.admin.maxFleetFiles);
      return { type: "done" };
    case "claim": {
      const look = () => claimWork(state, parts, machine.id, body.leaseSeconds);
      // Looks every second too: a lease that runs out makes no noise.
      const work = await state.hub.waitFor("work", look, {
        seconds: body.waitSeconds,
        everySeconds: 1,
        gone,
      });
      return {
        type: "claimed",
        work,
        ...(await standing(state.db)),
        replaced: await retired(state.db),
      };
    }
    case "renew":
      await renewLease(state, body);
      return { type: "done" };
    case "analysed":
      await reportAnalysis(state, parts, machine.id, body);
      return { type: "done" };
    case "publish":
      await parts.repository.publish(state, body);
      return { type: "done" };
  }
}
