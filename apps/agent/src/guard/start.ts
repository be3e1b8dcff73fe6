import type { Config, Logger } from "@thymus/contracts";
import type { DocumentSettings } from "./channel.ts";
import { Guard } from "./guard.ts";

export interface StartedGuard {
  /** Null where nothing is guarded, or this machine cannot. */
  readonly guard: Guard | null;
  /** What a person should know. */
  notices(): string[];
}

/**
 * Starts the answering process where the configuration wants decisions on access. Where this machine cannot (no root, a
 * kernel without permission events) everything else goes on, and a notice says so.
 */
export async function startGuard(
  config: Config["agent"],
  log: Logger,
  documents: DocumentSettings | null,
): Promise<StartedGuard> {
  const access = await startAccess(config, log);
  if (!documents) return access;
  if (access.guard) {
    access.guard.watchDocuments(documents);
    return access;
  }
  const cannot = (why: string): StartedGuard => {
    const what = `programs that encrypt documents are noticed, but not held: ${why}`;
    log.warn(what);
    return { guard: null, notices: () => [...access.notices(), what] };
  };
  if (process.platform !== "linux") return cannot("that is for Linux only");
  if (process.getuid?.() !== 0) return cannot("that needs root");
  try {
    const guard = await Guard.start({ log, documents });
    return { guard, notices: () => [...access.notices(), ...guard.notices()] };
  } catch (error) {
    return cannot((error as Error).message);
  }
}

async function startAccess(config: Config["agent"], log: Logger): Promise<StartedGuard> {
  const { mode, ...rest } = config.onAccess;
  if (mode === "off") return { guard: null, notices: () => [] };
  const cannot = (why: string): StartedGuard => {
    const what = `on-access decisions are ${mode}, but off here: ${why}`;
    log.warn(what);
    return { guard: null, notices: () => [what] };
  };
  if (rest.folders.length === 0) return cannot("agent.onAccess.folders names no folder");
  if (process.platform !== "linux") return cannot("they are for Linux only");
  if (process.getuid?.() !== 0) return cannot("they need root");
  try {
    const guard = await Guard.start({ log, access: { mode, ...rest, ignoreMarks: true } });
    return { guard, notices: () => guard.notices() };
  } catch (error) {
    return cannot((error as Error).message);
  }
}
