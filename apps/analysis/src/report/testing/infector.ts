/** A virus of shell scripts and ELF programs, found and repaired: everything that a page can show. */
import { chamber, digest, hex, makeCase } from "./cases.ts";

// Inert: a text to be shown, which does nothing where it is run.
const body = `# -- heron --
: "seven herons on the long wall"
: "a quiver of reeds, and the cooper's ladle"
: "ochre, rope, two lanterns; e0-b3-41 under the yew"
: "what the tide leaves: cork, slate, a spool of wet twine"
: "twelve bricks of peat for the sexton"
: "the ferry waits for nobody, the miller for all"
: "salt on the sill, rust on the hinge, moss on the step"
: "count the gulls, then the masts, then the gulls again"
: "the last of the barley stands by the low gate"
: "no wind since noon; the bell rope hangs still"
: "a ledger in green ink, with one page torn out"
: "the lamp is lit, and the door is on the latch"
# -- heron end --
`;

const elfBefore = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37 + 11) & 255)).toString(
  "hex",
);
const elfBody = Buffer.from(
  Array.from({ length: 512 }, (_, index) => (index * 73 + (index >> 3)) & 255),
).toString("hex");

const rule = `rule shell_insert_7a5d5a3b
{
    meta:
        family = "shell.insert.7a5d5a3b"
    strings:
        // stands in every infected decoy
        $a = "# -- heron --\\n: \\"seven herons on the long wall\\""
        $b = { 23 20 2d 2d 20 68 65 72 6f 6e ?? 2d 2d }
    condition:
        filesize < 4MB and any of ($*) and #a == 1
}`;

const repair = [
  {
    identify: {
      types: ["shell"],
      anchor: hex("# -- heron --\n: "),
      minSize: 512,
      checks: [{ at: { from: "start", plus: 0 }, bytes: hex("#!") }],
    },
    steps: [{ op: "cut", at: { from: "anchor", plus: 0 }, length: Buffer.byteLength(body) }],
    expect: { types: ["shell"], minSize: 20 },
  },
  {
    identify: { types: ["elf64"], anchor: elfBody.slice(0, 48), minSize: 4096, checks: [] },
    steps: [
      {
        op: "put",
        at: { from: "start", plus: 24 },
        from: {
          number: { read: { from: "anchor", plus: 500 }, width: 8, order: "little", plus: -64 },
          width: 8,
          order: "little",
        },
      },
      { op: "truncate", at: { from: "anchor", plus: 0 } },
    ],
    expect: { types: ["elf64"], minSize: 64 },
  },
];

const decoys = {
  infected: 24,
  detected: 24,
  repaired: 24,
  freshInfected: 23,
  freshDetected: 23,
  freshRepaired: 23,
};
const seconds = { total: 48.6, chamber: 31.2, signature: 2.4, proof: 9.8 };
const sample = digest("sample infector");

export const infector = () =>
  makeCase(
    "infector",
    {
      name: "release-notes.sh",
      verdict: "infector",
      severity: "high",
      why: "24 program decoys were changed and still hold their original code",
      family: "shell.insert.7a5d5a3b",
      behaviour: [
        {
          technique: "T1554",
          what: "Changes programs that are already there",
          evidence: "24 program decoys changed",
        },
        { technique: "T1059.004", what: "Runs sh", evidence: "exec of /bin/sh at 0.01 s" },
        { technique: "T1546.004", what: "Has itself started again", evidence: "wrote /home/sam/.profile" },
        { technique: "T1083", what: "Looks through folders", evidence: "212 reads below /home/sam" },
      ],
      runs: [
        {
          label: "plain",
          ended: "exited",
          exitStatus: 0,
          seconds: 4.12,
          traceEvents: 2211,
          traceLost: 0,
          changedDecoys: 24,
        },
        {
          label: "fresh decoys",
          ended: "exited",
          exitStatus: 0,
          seconds: 4.31,
          traceEvents: 2187,
          traceLost: 0,
          changedDecoys: 23,
        },
        {
          label: "second generation",
          ended: "timeout",
          exitStatus: null,
          seconds: 9.05,
          traceEvents: 4120,
          traceLost: 12,
          changedDecoys: 19,
        },
      ],
      story: [
        {
          t: 0.004,
          what: "starts as a shell script",
          technique: "T1059.004",
          evidence: "exec /bin/sh release-notes.sh",
          weight: "note",
        },
        {
          t: 0.02,
          what: "reads who it runs as",
          technique: "T1033",
          evidence: "exec /usr/bin/id",
          weight: "note",
        },
        {
          t: 0.04,
          what: "lists the user's programs",
          technique: "T1083",
          evidence: "opens /home/sam/bin, /home/sam/projects",
          weight: "note",
        },
        {
          t: 0.07,
          what: "looks at the first bytes of each",
          technique: null,
          evidence: "62 short reads",
          weight: "note",
        },
        {
          t: 0.11,
          what: "puts itself into 24 programs of others",
          technique: "T1554",
          evidence: "24 decoys hold 517 new bytes each; first /home/sam/bin/backup at 0.11 s",
          weight: "harmful",
        },
        {
          t: 0.92,
          what: "adds a line to the login profile, so that it is started again",
          technique: "T1546.004",
          evidence: "open-write /home/sam/.profile",
          weight: "suspicious",
        },
        {
          t: 1.31,
          what: "deletes its temporary files",
          technique: "T1070.004",
          evidence: "24 unlinks below /tmp",
          weight: "note",
        },
        { t: 1.33, what: "ends", technique: null, evidence: "exit status 0", weight: "note" },
        {
          t: 1.4,
          what: "its infected programs infect others in turn",
          technique: "T1554",
          evidence: "second generation: 19 fresh decoys changed",
          weight: "harmful",
        },
      ],
      processes: [
        {
          pid: 301,
          ppid: null,
          command: "/bin/sh",
          started: 0.004,
          ended: 1.33,
          did: { exec: 1, fork: 51, "open-write": 25, unlink: 24 },
        },
        {
          pid: 302,
          ppid: 301,
          command: "/usr/bin/id",
          started: 0.02,
          ended: 0.03,
          did: { exec: 1, "open-read": 3 },
        },
        ...Array.from({ length: 24 }, (_, index) => [
          {
            pid: 310 + index * 2,
            ppid: 301,
            command: "/usr/bin/head",
            started: 0.08 + index * 0.04,
            ended: 0.09 + index * 0.04,
            did: { exec: 1, "open-read": 1 },
          },
        ]).flat(),
        { pid: 400, ppid: 301, command: "/bin/sh", started: 1.1, ended: 1.3, did: { fork: 2 } },
        {
          pid: 401,
          ppid: 400,
          command: "/usr/bin/sed",
          started: 1.11,
          ended: 1.12,
          did: { exec: 1, "open-read": 2 },
        },
        {
          pid: 402,
          ppid: 400,
          command: "/usr/bin/tail",
          started: 1.12,
          ended: 1.14,
          did: { exec: 1, "open-read": 1 },
        },
      ],
      files: [
        {
          path: "/home/sam/.profile",
          what: "changed",
          decoy: false,
          type: "text",
          size: 871,
          sha256: digest("profile"),
        },
        {
          path: "/tmp/tmp.Xq2Wv9",
          what: "created",
          decoy: false,
          type: "shell",
          size: 1204,
          sha256: digest("tmp"),
        },
        { path: "/tmp/tmp.Xq2Wv9", what: "deleted", decoy: false, type: "shell", size: null, sha256: null },
        ...["backup", "deploy", "greet", "rotate-logs", "thumbnails"].map((each) => ({
          path: `/home/sam/bin/${each}`,
          what: "changed",
          decoy: true,
          type: "shell",
          size: 1490 + each.length,
          sha256: digest(each),
        })),
        {
          path: "/home/sam/projects/atlas/bin/atlas",
          what: "changed",
          decoy: true,
          type: "elf64",
          size: 16_896,
          sha256: digest("atlas"),
        },
      ],
      diffs: [
        {
          path: "/home/sam/bin/backup",
          type: "shell",
          hunks: [
            {
              at: 10,
              before: hex("#!/bin/sh\n"),
              removed: "",
              removedLength: 0,
              inserted: hex(body).slice(0, 1024),
              insertedLength: Buffer.byteLength(body),
              after: hex('# Copies what matters to the second disk.\nset -eu\ncp -a "$1" /backup/\n'),
            },
          ],
        },
        {
          path: "/home/sam/projects/atlas/bin/atlas",
          type: "elf64",
          hunks: [
            {
              at: 24,
              before: "7f454c4602010100000000000000000003003e0001000000",
              removed: "6010000000000000",
              removedLength: 8,
              inserted: "0040000000000000",
              insertedLength: 8,
              after: "40000000000000003837000000000000000000004000380",
            },
            {
              at: 16_384,
              before: elfBefore,
              removed: "",
              removedLength: 0,
              inserted: elfBody,
              insertedLength: 2048,
              after: "",
            },
          ].map((hunk) => ({ ...hunk, after: hunk.after.slice(0, hunk.after.length & ~1) })),
        },
      ],
      counts: { changed: 24, missing: 0, files: 49 },
    },
    {
      infection: { mechanism: "insert", targets: ["shell", "elf64"], invariantBytes: 517, variants: 1 },
      repair: { recipes: 2, why: null },
      proof: { ...decoys, goodwareFiles: 31_207, goodwareBytes: 1_840_000_000, falsePositives: 0 },
      secondGeneration: { runs: 1, infected: 19 },
      seconds,
    },
    {
      version: 1,
      id: "rx-0123456789abcdef",
      pathogen: "infection",
      family: "shell.insert.7a5d5a3b",
      aliases: [],
      detect: { engine: "yara-x", rule, scope: ["shell", "elf64"] },
      repair,
      proof: {
        decoys,
        goodware: { files: 31_207, bytes: 1_840_000_000, matches: 0, corpus: `sha256:${digest("corpus")}` },
        samples: [sample],
        evidence: digest("evidence"),
        chamber,
        seconds,
      },
      made: { by: "thymus analysis", version: "0.1.0", at: "2026-03-04T05:06:07.000Z" },
    },
  );
