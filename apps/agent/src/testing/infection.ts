import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Family,
  newId,
  type Prescription,
  Prescription as PrescriptionSchema,
  type Sha256,
} from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";

/** Inert text that stands for an infection: a here-document that a shell reads and forgets. */
export const PAYLOAD = [
  ": <<'INERT-TEST-PAYLOAD'",
  "qz7-never-run-9f2c41d8e6b35a07 this text stands for an infection in a test",
  "INERT-TEST-PAYLOAD",
  "",
].join("\n");

/** Puts the inert text behind the interpreter line, as a prepending infection of scripts does. */
export function infected(clean: string | Buffer): Buffer {
  const bytes = Buffer.from(clean);
  const at = bytes.indexOf(0x0a) + 1;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(PAYLOAD), bytes.subarray(at)]);
}

export async function infect(path: string): Promise<void> {
  await writeFile(path, infected(await readFile(path)));
}

/** A new program that came with the infection; it does nothing. */
export const DROPPER = `#!/bin/sh
# stands for the program that spreads
${PAYLOAD.replace(/^(?=.)/gm, "#   ")}exit 77
`;

export function prescriptionFor(samples: Sha256[], change: Partial<Prescription> = {}): Prescription {
  const length = Buffer.byteLength(PAYLOAD);
  return PrescriptionSchema.parse({
    version: 1,
    id: newId("rx"),
    pathogen: "infection",
    family: "sh.insert.test" as Family,
    aliases: [],
    detect: {
      engine: "yara-x",
      rule: 'rule test_insert { strings: $a = "qz7-never-run-9f2c41d8e6b35a07 this text" condition: $a }',
      scope: ["shell"],
    },
    repair: [
      {
        identify: {
          types: ["shell"],
          anchor: Buffer.from(PAYLOAD).toString("hex"),
          minSize: length + 4,
          checks: [{ at: { from: "start", plus: 0 }, bytes: "2321" }],
        },
        steps: [{ op: "cut", at: { from: "anchor", plus: 0 }, length }],
        expect: { types: ["shell"], minSize: 4 },
      },
    ],
    proof: {
      decoys: {
        infected: 4,
        detected: 4,
        repaired: 4,
        freshInfected: 4,
        freshDetected: 4,
        freshRepaired: 4,
      },
      goodware: { files: 1, bytes: 1, matches: 0, corpus: `sha256:${"0".repeat(64)}` },
      samples,
      evidence: "0".repeat(64),
      chamber: { kind: "qemu-tcg", trust: "isolated", image: "0".repeat(64) },
      seconds: { total: 1, chamber: 1, signature: 1, proof: 1 },
    },
    made: { by: "test", version: "0.1.0", at: "2026-01-01T00:00:00.000Z" },
    ...change,
  });
}

/** Scripts of an imaginary owner; each is different. */
export async function writeScripts(folder: string, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const path = join(folder, `tool-${index}.sh`);
    const lines = Array.from(
      { length: 5 + index },
      (_, line) => `echo "tool ${index} step ${line * 7 + index}"`,
    );
    await writeFile(path, `#!/bin/sh\nset -eu\n${lines.join("\n")}\n`);
    await chmod(path, 0o755);
    paths.push(path);
  }
  return paths;
}

export async function digests(paths: readonly string[]): Promise<string[]> {
  return Promise.all(paths.map(async (path) => sha256Of(await readFile(path))));
}
