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
      before && !options.decoy
        ? ({
            program: 1,
            sha256: sha256Of(before),
            size: before.length,
            signature: signatureOf(before),
          } as unknown as BaselineRow)
        : null,
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

test("sweeps over many scripts are no spread: another year, a renamed function, a licence line, a new version", () => {
  const names = Array.from({ length: 12 }, (_, i) => `tool${i}.sh`);
  const of = (seed: string, head: string, call: string) => `#!/bin/sh\n${head}${long(seed)}\n${call}\n`;
  const sweeps: Record<string, (name: string) => [string, string]> = {
    year: (n) => [of(n, "# Copyright 2025 The Day\n", n), of(n, "# Copyright 2026 The Day\n", n)],
    renamed: (n) => [of(n, "", `old_name ${n}`), of(n, "", `a_far_better_name ${n}`)],
    licence: (n) => [
      of(n, "", n),
      of(n, "# SPDX-License-Identifier: Apache-2.0, whose text is in the file LICENSE beside this one\n", n),
    ],
    version: (n) => [of(n, `version=1 # of ${n}\n`, n), of(`${n}x`, `version=2 # of ${n}\n`, n)],
  };
  for (const [sweep, texts] of Object.entries(sweeps)) {
    const changes = names.map((name) => {
      const [before, now] = texts(name);
      return change(name, now, { before });
    });
    const best = rank(changes).ranked[0]!;
    assert.ok(best.score < 0.6, `${sweep}: ${best.score}`);
  }
});

test("bodies that share nothing are a spread where most hosts are intact and grew alike", () => {
  const body = (seed: string) => Array.from({ length: 6 }, (_, i) => `eval "${seed}${i}$${seed}"`).join("\n");
  const changes = ["a", "b", "c"].map((n) =>
    change(`${n}.sh`, `#!/bin/sh\n${long(n)}\n${body(n.repeat(9))}\n`, { before: `#!/bin/sh\n${long(n)}\n` }),
  );
  assert.ok(rank(changes).ranked[0]!.score >= 0.6);
  const one = change("one.sh", "same content, whoever had another before: echo x\n", {
    before: "#!/bin/sh\necho 1\n",
  });
  const two = change("two.sh", "same content, whoever had another before: echo x\n", {
    before: "#!/bin/sh\necho 2\n",
  });
  assert.ok(rank([one, two]).ranked[0]!.score >= 0.6, "overwritten by the same");
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
