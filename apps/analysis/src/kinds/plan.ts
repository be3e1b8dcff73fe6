/** Says how a sample is started as its victim would start it. Pure apart from the time that opening may take. */
import type { FileType } from "@thymus/contracts";
import type { OpenLimits } from "@thymus/detection";
import type { PlannedCommand, StartPlan } from "../chamber/chamber.ts";
import { sampleName } from "../chamber/run/input.ts";
import { planArchive } from "./plan-archive.ts";
import { shareTime } from "./share-time.ts";
import { startOne } from "./start/one.ts";

export type Planned =
  | {
      /** What it is in words, e.g. `64-bit program`, `npm package`, `Debian package`. */
      readonly kind: string;
      /** Null: the chamber starts it by its own content, type and name. */
      readonly plan: StartPlan | null;
      /** What was found and what will be started, in a sentence for the report. */
      readonly describe: string;
    }
  | { readonly refused: string };

const SAMPLE = "{sample}";

/**
 * @param bytes hostile: call it only where there are no keys and no network
 * @param name as it was handed in
 * @returns a plan, or why there is none in words for a person
 */
export async function planSample(
  bytes: Uint8Array,
  name: string,
  type: FileType,
  limits?: OpenLimits,
): Promise<Planned> {
  const plain = sampleName(name);
  if (type === "archive" || type === "npm") return planArchive(bytes, plain, limits);
  const start = startOne(bytes, plain, type, SAMPLE, `./${plain}`);
  if ("refused" in start) return start;
  if (start.itself) return { kind: start.kind, plan: null, describe: `${start.kind}, started as it is` };
  const commands: PlannedCommand[] = start.commands.map((words) => ({ words, env: {} }));
  const plan: StartPlan = { files: [], commands: shareTime(commands), packages: [] };
  const ways = commands.length === 1 ? "one way" : `${commands.length} ways`;
  return { kind: start.kind, plan, describe: `${start.kind}, started in ${ways}` };
}
