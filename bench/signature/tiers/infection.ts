import { type FileType, type Repair, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { repairWith } from "@thymus/repair";
import { pairInfections, type Specimen } from "../../../apps/analysis/src/infection/index.ts";
import { inferRepairs } from "../../../apps/analysis/src/repair-inference/index.ts";
import { deriveRule } from "../../../apps/analysis/src/signature/index.ts";
import type { Good } from "../corpora/parts.ts";
import type { Context } from "../run/context.ts";
import { type Row, share, type Tier } from "../run/row.ts";
import { Scorer, timed } from "../run/score.ts";
import { type BenchHost, hosts } from "./hosts.ts";

/** A way to change hosts; whoever wrote it. */
export interface BenchInfection {
  readonly tier: Tier;
  readonly id: string;
  readonly accepts: (file: Good) => boolean;
  readonly keepsBytes: boolean;
  /** A refusal is right: nothing that could be held on to is the same everywhere. */
  readonly refusable: boolean;
  /** `nth` makes every host's variation its own. */
  infect(host: Uint8Array, nth: number): Uint8Array | null;
}

const LEARNED = 12;
const UNSEEN = 12;

interface Infected extends BenchHost {
  readonly after: Buffer;
  readonly afterType: FileType;
}

/**
 * One infection: learned from hosts that self knows, tried on other hosts that self knows and on hosts that nobody knows (dev).
 * @throws ThymusError NOT_FOUND where goodware offers no such hosts
 */
export async function infectionRow(context: Context, infection: BenchInfection): Promise<Row> {
  const row = await context.journal.once(`${infection.tier} ${infection.id}`, () =>
    measure(context, infection),
  );
  context.say(`${row.tier} ${row.name} ${describe(row)}`);
  return row;
}

async function measure(context: Context, infection: BenchInfection): Promise<Row> {
  const inSelf = infected(infection, context.train, LEARNED + UNSEEN + 1, 0);
  // Of some languages self holds next to nothing: then hosts of dev stand in.
  const missing = LEARNED + UNSEEN + 1 - inSelf.length;
  const known = missing === 0 ? inSelf : [...inSelf, ...infected(infection, context.dev, missing, 500)];
  const used = new Set(known.map(({ path }) => path));
  const fresh = context.dev.filter(({ path }) => !used.has(path));
  const unknown = infected(infection, fresh, UNSEEN, 1000);
  const learned = known.slice(0, LEARNED);
  const sample = known[LEARNED];
  if (learned.length < LEARNED || sample === undefined) {
    throw new ThymusError("NOT_FOUND", `too few hosts for ${infection.id}`, "fetch all of train and dev");
  }
  const specimens = learned.map(specimenOf);
  const { value, cpuSeconds, seconds } = await timed(async () => {
    const analysis = pairInfections(specimens);
    const derived = await deriveRule({
      ...{ analysis, specimens, corpus: context.self, family: "bench.infection" },
      sample: { bytes: sample.after, type: sample.afterType },
    });
    const strings = "rule" in derived ? derived.strings : [];
    return { derived, repairs: inferRepairs(analysis, specimens, strings) };
  });
  const { derived, repairs } = value;
  const standIn = missing > 0 ? `${missing} hosts of dev for want of known ones` : "";
  const parts = { learned, "known hosts": known.slice(LEARNED + 1), "unknown hosts": unknown };
  const all = [...parts["known hosts"], ...unknown];
  const common = {
    ...{
      tier: infection.tier,
      name: infection.id,
      tool: "thymus",
      samples: learned.length,
      cpuSeconds,
      seconds,
    },
    clean: learned.length + all.length + context.changed.length,
  };
  if ("gaveUp" in derived) {
    const found = Object.fromEntries(
      Object.entries(parts).map(([part, list]) => [part, [0, list.length] as const]),
    );
    const note = [infection.refusable ? "nothing is constant" : "", standIn].filter(Boolean).join("; ");
    return {
      ...common,
      rule: null,
      scope: null,
      refused: derived.gaveUp.why,
      found,
      wrong: [],
      repaired: null,
      repairedWrong: 0,
      note,
    };
  }
  const scorer = await Scorer.of(derived.rule, derived.scope);
  const hits = ({ after, path }: Infected) => scorer.hits(after, path);
  const found = Object.fromEntries(
    Object.entries(parts).map(([part, list]) => [part, share(list.map(hits))]),
  );
  const clean = [...learned, ...all].map(({ path, bytes }) => ({ name: path, bytes }));
  const wrong = [...clean, ...context.changed]
    .filter(({ bytes, name }) => scorer.hits(bytes, name))
    .map(({ name }) => name);
  const fixed = all.filter(hits).map((each) => giveBack(repairs.recipes, each));
  scorer.close();
  return {
    ...{ ...common, rule: derived.rule, scope: derived.scope, refused: null, found, wrong },
    repaired: infection.keepsBytes ? share(fixed.map((each) => each === "right")) : null,
    repairedWrong: fixed.filter((each) => each === "wrong").length,
    note: [(derived.forms ?? []).join("+"), repairs.why ?? "", standIn].filter(Boolean).join("; "),
  };
}

function infected(
  infection: BenchInfection,
  files: readonly Good[],
  wanted: number,
  first: number,
): Infected[] {
  const found: Infected[] = [];
  for (const host of hosts(files, infection.accepts)) {
    const after = infection.infect(host.bytes, first + found.length);
    if (after === null || host.bytes.equals(after)) continue;
    const name = host.path.slice(host.path.lastIndexOf("/") + 1);
    found.push({ ...host, after: Buffer.from(after), afterType: identifyFile(after, name) });
    if (found.length === wanted) break;
  }
  return found;
}

function specimenOf({ path, type, bytes, after, afterType }: Infected): Specimen {
  return { path, kind: `bench-${type}`, type, before: bytes, after, afterType };
}

function giveBack(
  recipes: readonly Repair[],
  { after, afterType, bytes }: Infected,
): "right" | "wrong" | "refused" {
  try {
    const result = repairWith(recipes, after, afterType);
    if ("refused" in result) return "refused";
    return bytes.equals(result.repaired) ? "right" : "wrong";
  } catch (error) {
    if (error instanceof ThymusError) return "refused";
    throw error;
  }
}

function describe(row: Row): string {
  if (row.refused !== null) return `refused: ${row.refused}; ${row.cpuSeconds.toFixed(1)} CPU s`;
  const found = Object.entries(row.found).map(([part, [n, of]]) => `${part} ${n}/${of}`);
  const repaired = row.repaired === null ? "not to be repaired" : `repaired ${row.repaired.join("/")}`;
  const bad =
    row.wrong.length + row.repairedWrong > 0
      ? ` WRONG: ${row.wrong.length} hosts, ${row.repairedWrong} repairs`
      : "";
  return `${found.join(", ")}; ${repaired}${bad}; ${row.cpuSeconds.toFixed(1)} CPU s; ${row.note}`;
}
