import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineId } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import type { BaselineRow } from "../monitors/baseline.ts";
import { observe } from "../monitors/registry.ts";
import { foreignRegions, signatureOf } from "./difference.ts";
import type { Change, Incident } from "./incident.ts";
import { rankCandidates, suspicionOf } from "./judge.ts";

const payload = "echo this inert text stands for an infection 7c1f";

function change(name: string, text: string, options: { before?: string; decoy?: boolean; at?: number } = {}) {
  const bytes = Buffer.from(text);
  const facts = {
    dev: 1n,
    ino: 1n,
    size: bytes.length,
    mode: 0o755,
    uid: 0,
    gid: 0,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: BigInt(options.at ?? 0),
    born: 1n,
    links: 1,
    room: 4096,
  };
  const before = options.before === undefined ? null : Buffer.from(options.before);
  return {
    path: `/watched/${name}`,
    before:
      before && !options.decoy ? ({ program: 1, sha256: sha256Of(before) } as unknown as BaselineRow) : null,
    now: {
      path: `/watched/${name}`,
      facts,
      type: "shell",
      program: true,
      content: { bytes, whole: true, sha256: sha256Of(bytes) },
    },
    decoy: options.decoy ?? false,
    foreign: before ? foreignRegions(signatureOf(before), bytes) : [],
  } satisfies Change;
}

const host = (name: string, body: string) =>
  change(name, `#!/bin/sh\n${payload}\n${body}\n`, { before: `#!/bin/sh\n${body}\n` });
const rank = (changes: Change[]) => {
  const incident: Incident = {
    root: "/watched",
    changes,
    lostDecoys: [],
    signatures: new Map(),
    claims: new Map(),
  };
  return { incident, ranked: rankCandidates(incident, observe(incident)) };
};
const long = (seed: string) =>
  Array.from({ length: 9 }, (_, i) => `printf '%s' ${seed}-${i * 31}`).join("\n");

test("one changed script stays below the threshold, two with the same foreign bytes do not", () => {
  assert.ok(rank([host("a.sh", long("a"))]).ranked[0]!.score < 0.6);
  assert.ok(rank([host("a.sh", long("a")), host("b.sh", long("b"))]).ranked[0]!.score >= 0.6);
  const edits = [
    change("a.sh", "#!/bin/sh\necho one thing\n", { before: "#!/bin/sh\necho a\n" }),
    change("b.sh", "#!/bin/sh\nprintf 'quite another'\n", { before: "#!/bin/sh\necho b\n" }),
  ];
  assert.ok(rank(edits).ranked[0]!.score < 0.6);
});

test("a decoy alone reaches it", () => {
  const decoy = change(".cache.sh", `#!/bin/sh\n${payload}\n`, {
    before: "#!/bin/sh\necho x\n",
    decoy: true,
  });
  assert.ok(rank([decoy]).ranked[0]!.score >= 0.9);
});

test("what appeared with the changes is the subject: the one that carries what they got", () => {
  const innocent = change("help.sh", "#!/bin/sh\necho usage of this tool\n", { at: 1 });
  const dropper = change("setup.sh", `#!/bin/sh\n# ${payload}\n`, { at: 2 });
  const { ranked, incident } = rank([host("a.sh", long("a")), innocent, dropper, host("b.sh", long("b"))]);
  assert.equal(ranked[0]!.change.path, "/watched/setup.sh");
  assert.equal(ranked[0]!.dropper, true);
  const suspicion = suspicionOf(ranked[0]!, incident, MachineId.parse("machine-local"));
  assert.equal(suspicion.reasons.length, suspicion.observations.length);
  assert.equal(suspicion.subject.path, "/watched/setup.sh");
});

test("a program that was accepted a while ago does not come before the changed ones by its age alone", () => {
  const copied = { ...change("tool.sh", "#!/bin/sh\necho a tool of the owner\n"), earlier: "fresh" as const };
  const { ranked } = rank([host("a.sh", long("a")), host("b.sh", long("b")), copied]);
  assert.notEqual(ranked[0]!.change.path, "/watched/tool.sh");
  const carrier = { ...change("old.sh", `#!/bin/sh\n# ${payload}\n`), earlier: "fresh" as const };
  assert.equal(rank([host("a.sh", long("a")), host("b.sh", long("b")), carrier]).ranked[0]!.change, carrier);
});
