/** A program that does no harm, and one that stays dark. */
import { digest, makeCase } from "./cases.ts";

export const harmless = () =>
  makeCase("harmless", {
    name: "rotate-logs.py",
    sample: { sha256: digest("sample harmless"), size: 2_118, type: "python" },
    verdict: "harmless",
    severity: "none",
    why: "none of 62 decoys was touched; 2 new files are its own",
    behaviour: [
      { technique: "T1059.006", what: "Runs python3", evidence: "exec of /usr/bin/python3 at 0.01 s" },
    ],
    runs: [
      {
        label: "plain",
        ended: "exited",
        exitStatus: 0,
        seconds: 2.1,
        traceEvents: 388,
        traceLost: 0,
        changedDecoys: 0,
      },
      {
        label: "another date, German, as root",
        ended: "exited",
        exitStatus: 0,
        seconds: 2.2,
        traceEvents: 391,
        traceLost: 0,
        changedDecoys: 0,
      },
    ],
    story: [
      {
        t: 0.01,
        what: "starts as a Python script",
        technique: "T1059.006",
        evidence: "exec /usr/bin/python3",
        weight: "note",
      },
      {
        t: 0.2,
        what: "reads its own settings",
        technique: null,
        evidence: "open-read /home/sam/.config/rotate.ini",
        weight: "note",
      },
      {
        t: 0.24,
        what: "writes two files of its own",
        technique: null,
        evidence: "created /home/sam/.cache/rotate/state, last-run",
        weight: "note",
      },
      { t: 0.29, what: "ends", technique: null, evidence: "exit status 0", weight: "note" },
    ],
    processes: [
      {
        pid: 88,
        ppid: null,
        command: "/usr/bin/python3",
        started: 0.01,
        ended: 0.29,
        did: { exec: 1, "open-read": 61, "open-write": 2 },
      },
    ],
    files: [
      {
        path: "/home/sam/.cache/rotate/state",
        what: "created",
        decoy: false,
        type: "text",
        size: 44,
        sha256: digest("state"),
      },
      {
        path: "/home/sam/.cache/rotate/last-run",
        what: "created",
        decoy: false,
        type: "empty",
        size: 0,
        sha256: digest(""),
      },
    ],
  });

export const unknown = () =>
  makeCase(
    "unknown",
    {
      name: "agent.bin",
      sample: { sha256: digest("sample unknown"), size: 48_128, type: "elf32" },
      chamber: { kind: "bwrap", trust: "shared-kernel", image: digest("bwrap") },
      verdict: "unknown",
      severity: "low",
      why: "the sample was ended by signal 11 before it touched anything",
      runs: [
        {
          label: "plain",
          ended: "exited",
          exitStatus: 139,
          seconds: 0.2,
          traceEvents: 9,
          traceLost: 0,
          changedDecoys: 0,
        },
      ],
      story: [
        {
          t: 0.01,
          what: "starts",
          technique: null,
          evidence: "exec /home/sam/Downloads/agent.bin",
          weight: "note",
        },
        {
          t: 0.02,
          what: "is ended by signal 11",
          technique: null,
          evidence: "exit status 139",
          weight: "note",
        },
      ],
      processes: [
        {
          pid: 12,
          ppid: null,
          command: "/home/sam/Downloads/agent.bin",
          started: 0.01,
          ended: 0.02,
          did: { exec: 1 },
        },
      ],
    },
    { seconds: { total: 1.9, chamber: 0.6, signature: 0, proof: 0 } },
  );
