/** An analysis that runs nothing: scripts that hold a mark are an infection with a real rule, all others are harmless. */
import { readFile } from "node:fs/promises";
import { Family, ImmunizeReport, Prescription, parseDocument } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Finished, Turn } from "../types.ts";

export const silent = { info() {}, warn() {}, error() {} };

/** Bytes that the fake analysis takes for an infection. */
export const MARK = "thymus fake infection";

const count = { infected: 2, detected: 2, repaired: 0, freshInfected: 2, freshDetected: 2, freshRepaired: 0 };
const seconds = { total: 0, chamber: 0, signature: 0, proof: 0 };

export async function fakeAnalysis(turn: Turn): Promise<Finished> {
  const bytes = await readFile(turn.file);
  const infected = bytes.includes(MARK);
  const sample = { sha256: turn.sha256, size: bytes.length, type: identifyFile(bytes, turn.name) };
  const prescription = infected
    ? parseDocument(
        Prescription,
        {
          version: 1,
          id: `rx-${turn.id.slice(5)}`,
          pathogen: "infection",
          family: Family.parse("shell.append.fake"),
          aliases: [],
          detect: {
            engine: "yara-x",
            rule: `rule fake { strings: $a = "${MARK}" condition: $a }`,
            scope: ["shell"],
          },
          repair: [],
          proof: {
            decoys: count,
            goodware: { files: 1, bytes: 1, matches: 0, corpus: `sha256:${"0".repeat(64)}` },
            samples: [turn.sha256],
            evidence: "0".repeat(64),
            chamber: { kind: "qemu-tcg", trust: "isolated", image: "0".repeat(64) },
            seconds,
          },
          made: { by: "a test", version: "0", at: "2026-01-01T00:00:00.000Z" },
        },
        "a prescription",
      )
    : null;
  const report = {
    ...{ case: turn.id, sample, severity: infected ? "high" : "none", why: "the fake says so" },
    ...{ verdict: infected ? "infector" : "harmless", family: prescription?.family ?? null, behaviour: [] },
    ...{ infection: null, prescription: infected ? "prescription.json" : null, proof: null, gaveUp: null },
    ...{ repair: { recipes: 0, why: null }, seconds, secondGeneration: null },
    ...{ chamber: "qemu-tcg", trust: "isolated" },
  };
  return { report: parseDocument(ImmunizeReport, report, "a report"), prescription };
}
