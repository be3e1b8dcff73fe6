/** A case with every list at its limit and every text as long as the contract allows, made of characters that grow. */
import { digest, makeCase, type ReportCase } from "./cases.ts";

const times = <T>(number: number, make: (index: number) => T): T[] =>
  Array.from({ length: number }, (_, index) => make(index));

/** @param character escaped in the page, e.g. `"`, which becomes six bytes */
export function largest(character: string): ReportCase {
  const text = (length: number) => character.repeat(Math.floor(length / character.length));
  const bytes = Buffer.from(text(512)).subarray(0, 512).toString("hex");
  const hunk = {
    at: Number.MAX_SAFE_INTEGER,
    before: bytes,
    removed: bytes,
    removedLength: 9e9,
    inserted: bytes,
    insertedLength: 9e9,
    after: bytes,
  };
  const did = Object.fromEntries(
    ["exec", "fork", "open-write", "unlink", "rename", "connect", "send", "mmap-exec"].map((kind) => [
      kind,
      9e12,
    ]),
  );
  return makeCase(
    "largest",
    {
      name: text(255),
      verdict: "worm",
      severity: "critical",
      why: text(4096),
      family: "f".repeat(64),
      behaviour: times(200, () => ({ technique: "T1048.003", what: text(9000), evidence: text(9000) })),
      runs: times(16, () => ({
        label: text(128),
        ended: "host-timeout",
        exitStatus: 255,
        seconds: 1e6,
        traceEvents: 9e15,
        traceLost: 9e14,
        changedDecoys: 9e15,
      })),
      story: times(200, (index) => ({
        t: index,
        what: text(1024),
        technique: "T1048.003",
        evidence: text(1024),
        weight: index % 2 ? "harmful" : "suspicious",
      })),
      processes: times(300, (index) => ({
        pid: index,
        ppid: index - 1,
        command: text(4096),
        started: index,
        ended: null,
        did,
      })),
      files: times(1000, (index) => ({
        path: text(4096),
        what: "created",
        decoy: index % 2 === 0,
        type: "elf64",
        size: 9e15,
        sha256: digest("file"),
      })),
      network: times(300, (index) => ({
        t: index,
        protocol: "https",
        name: text(255),
        address: text(64),
        port: 65535,
        what: text(1024),
        bytesOut: 9e15,
        bytesIn: 9e15,
        excerpt: text(4096),
      })),
      thefts: times(64, (index) => ({
        credential: text(64),
        path: text(4096),
        how: "sent",
        t: index,
        evidence: text(1024),
      })),
      diffs: times(16, () => ({ path: text(4096), type: "shell", hunks: times(8, () => hunk) })),
      counts: { decoys: 9e15, changed: 9e15, missing: 9e15, processes: 9e15, files: 9e15, network: 9e15 },
    },
    { gaveUp: { code: text(9000), why: text(9000) }, repair: { recipes: 0, why: text(9000) } },
  );
}
