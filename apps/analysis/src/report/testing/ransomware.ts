/** Ransomware that a person has to deal with, and a trace that was flooded. */
import { digest, makeCase } from "./cases.ts";

const documents = [
  "budget.ods",
  "letter.odt",
  "minutes.txt",
  "offer.pdf",
  "plan.md",
  "report.docx",
  "thesis.tex",
];

export const ransomware = () =>
  makeCase(
    "ransomware",
    {
      name: "invoice",
      sample: { sha256: digest("sample ransomware"), size: 912_384, type: "elf64" },
      verdict: "ransomware",
      severity: "critical",
      why: "41 decoys were replaced by random-looking bytes, 41 of them renamed",
      behaviour: [
        { technique: "T1486", what: "Encrypts files of others", evidence: "41 decoys became random-looking" },
        {
          technique: "T1491.001",
          what: "Leaves a note in every folder",
          evidence: "9 files named READ-ME-FIRST.txt",
        },
        { technique: "T1490", what: "Deletes backups", evidence: "unlink /home/sam/backup/2026-02.tar.zst" },
      ],
      runs: [
        {
          label: "plain",
          ended: "timeout",
          exitStatus: null,
          seconds: 20.02,
          traceEvents: 48_113,
          traceLost: 2_804,
          changedDecoys: 0,
        },
      ],
      story: [
        {
          t: 0.01,
          what: "starts",
          technique: null,
          evidence: "exec /home/sam/Downloads/invoice",
          weight: "note",
        },
        {
          t: 0.4,
          what: "deletes the user's backup",
          technique: "T1490",
          evidence: "unlink /home/sam/backup/2026-02.tar.zst",
          weight: "harmful",
        },
        ...documents.map((name, index) => ({
          t: 0.5 + index * 0.06,
          what: `encrypts and renames ${name}`,
          technique: "T1486",
          evidence: `/home/sam/Documents/${name} became ${name}.locked; entropy rose from 4.6 to 7.99 bits a byte`,
          weight: "harmful",
        })),
        {
          t: 3.1,
          what: "leaves a ransom note in 9 folders",
          technique: "T1491.001",
          evidence: "created READ-ME-FIRST.txt",
          weight: "harmful",
        },
        { t: 3.2, what: "waits", technique: "T1497.003", evidence: "sleep of 3600 s", weight: "suspicious" },
      ],
      processes: [
        {
          pid: 120,
          ppid: null,
          command: "/home/sam/Downloads/invoice",
          started: 0.01,
          ended: null,
          did: { exec: 1, fork: 8, sleep: 1, unlink: 1 },
        },
        ...Array.from({ length: 8 }, (_, index) => ({
          pid: 121 + index,
          ppid: 120,
          command: "invoice",
          started: 0.45 + index * 0.01,
          ended: null,
          did: { "open-write": 5 + index, rename: 5 },
        })),
      ],
      files: [
        {
          path: "/home/sam/backup/2026-02.tar.zst",
          what: "deleted",
          decoy: true,
          type: "archive",
          size: null,
          sha256: null,
        },
        ...documents.map((name) => ({
          path: `/home/sam/Documents/${name}`,
          what: "renamed",
          decoy: true,
          type: "other",
          size: null,
          sha256: null,
        })),
        ...documents.map((name) => ({
          path: `/home/sam/Documents/${name}.locked`,
          what: "created",
          decoy: false,
          type: "other",
          size: 20_480,
          sha256: digest(name),
        })),
        {
          path: "/home/sam/Documents/READ-ME-FIRST.txt",
          what: "created",
          decoy: false,
          type: "text",
          size: 640,
          sha256: digest("note"),
        },
      ],
      counts: { changed: 0, missing: 42, files: 92 },
    },
    { seconds: { total: 23.9, chamber: 20.0, signature: 0, proof: 0 } },
  );
