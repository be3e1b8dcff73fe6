import { z } from "zod";
import { Level } from "./common.ts";

/** Bytes. */
const Size = z.number().int().positive();
const Folders = z.array(z.string().startsWith("/"));

/**
 * `thymus.toml`, and `--config FILE`. Every field has a default; an unknown one is refused with its place.
 * What a field means is said in `describe`: docs/guide/configuration.md is written from it.
 */
export const Config = z.strictObject({
  admin: z
    .strictObject({
      listen: z.string().default("127.0.0.1:8480").describe("HOST:PORT of console, API, link and TUF files"),
      patientSeconds: z
        .number()
        .positive()
        .default(120)
        .describe("seconds that a patient has to report before the rollout halts"),
      maxSampleBytes: Size.default(64 * 1024 * 1024).describe(
        "largest sealed sample that is taken, in bytes",
      ),
      maxOpenCases: z
        .number()
        .int()
        .positive()
        .default(1000)
        .describe("cases that may be open at once; beyond, new ones are refused until some are closed"),
      maxFleetFiles: z
        .number()
        .int()
        .positive()
        .default(100_000)
        .describe("files of packages that one machine may tell of (agent.contribute), about 200 bytes each"),
    })
    .prefault({})
    .describe("the admin server"),
  agent: z
    .strictObject({
      watch: Folders.default([]).describe("folders whose programs are watched, besides the drill folder"),
      threshold: z.number().min(0).max(1).default(0.6).describe("score from which a suspicion is submitted"),
      settleSeconds: z
        .number()
        .positive()
        .default(1)
        .describe("seconds of quiet after which changes of one folder are judged together"),
      recheckSeconds: z
        .number()
        .positive()
        .default(300)
        .describe("seconds between re-checks of the baseline by metadata, which find what events missed"),
      contentDays: z
        .number()
        .min(0)
        .default(7)
        .describe(
          "days in which the contents of all watched files are read once more, a few each minute, to find what their metadata do not show; 0 means never",
        ),
      quarantineBytes: Size.default(1024 * 1024 * 1024).describe(
        "bytes that the quarantine may take; where it is full, files are left as they are and this is told",
      ),
      brakeFiles: z
        .number()
        .int()
        .positive()
        .default(100)
        .describe(
          "files that one prescription may take into quarantine, or change into what this machine never knew, before a person of this machine has to agree (`thymus quarantine approve`)",
        ),
      copies: Folders.default([]).describe(
        "folders, within watched ones, of whose files the agent keeps sealed copies, so that overwritten ones can go back; empty means none",
      ),
      copyBytes: Size.default(512 * 1024 * 1024).describe("bytes that all copies together may take"),
      copyFileBytes: Size.default(16 * 1024 * 1024).describe("largest file that is copied, in bytes"),
      quarantineDays: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe("days after which what lies in quarantine is deleted, which is told; 0 means never"),
      watcher: z
        .enum(["auto", "fanotify", "inotify"])
        .default("auto")
        .describe("where events come from; auto takes fanotify where this process may, else inotify"),
      onAccess: z
        .strictObject({
          mode: z
            .enum(["off", "observe", "deny"])
            .default("off")
            .describe(
              "observe: record what would have been refused; deny: refuse to open or run what is infected",
            ),
          folders: Folders.default([]).describe(
            "folders whose mounted file systems are asked about before a file is opened or run",
          ),
          deadlineMs: z
            .number()
            .int()
            .min(200)
            .max(5000)
            .default(500)
            .describe("milliseconds that a process may be kept waiting for an answer, at most"),
          whenUnsure: z
            .enum(["allow", "deny"])
            .default("allow")
            .describe("answer where the deadline passes before a file was scanned"),
        })
        .prefault({})
        .describe("decisions when a file is opened or run (needs root)"),
      behaviour: z
        .strictObject({
          mode: z
            .enum(["off", "observe", "suspend", "end"])
            .default("observe")
            .describe(
              "what happens to a process that is writing infection or encrypting documents: nothing, a record of what would have been stopped, suspended until a person decides, or ended",
            ),
          documents: Folders.default([]).describe(
            "folders of documents: watched as agent.watch is, copied as agent.copies is, with decoys, and with every writer judged; empty means none",
          ),
          files: z
            .number()
            .int()
            .min(3)
            .max(1000)
            .default(5)
            .describe("documents that one process tree may change before its next one waits for a judgement"),
        })
        .prefault({})
        .describe("what running programs do (needs root)"),
      scan: z
        .strictObject({
          rules: Folders.default([]).describe(
            "files or folders of further YARA rules, which report but never act",
          ),
          archives: z.boolean().default(true).describe("whether scans look into archives"),
          pressure: z
            .number()
            .min(0)
            .max(100)
            .default(40)
            .describe(
              "per cent of time in which the machine's tasks may be stalled (PSI, 10 s) before a scan waits; 100 means never",
            ),
          everyDays: z
            .number()
            .int()
            .min(0)
            .max(365)
            .default(7)
            .describe("days from one full scan of the watched folders to the next; 0 means none"),
          onBattery: z.boolean().default(false).describe("whether full scans go on while on battery"),
        })
        .prefault({})
        .describe("scans"),
      fetchPackages: z
        .boolean()
        .default(true)
        .describe(
          "let apt fetch the archive of a package whose program was changed, where it is not on this machine, so that the program can be brought back",
        ),
      contribute: z
        .boolean()
        .default(false)
        .describe(
          "tell the admin server digests and sizes of the programs that this machine's package manager vouches for, never content or paths",
        ),
    })
    .prefault({})
    .describe("this machine's agent"),
  analysis: z
    .strictObject({
      budgetSeconds: z
        .number()
        .positive()
        .default(240)
        .describe("seconds of wall clock that one sample may take in all"),
      goodware: Folders.default([]).describe(
        "folders of goodware; empty means what this machine's package manager vouches for",
      ),
      maxGoodwareBytes: Size.default(2 * 1024 * 1024 * 1024).describe(
        "bytes of goodware that are learnt from",
      ),
      cleanLists: Folders.default([]).describe(
        "files with SHA-256 digests of known clean content, beside self (one a line, a table with such a column as the NSRL has, or a MISP warninglist); such samples are answered without a chamber",
      ),
      fleetClean: z
        .union([z.literal(0), z.number().int().min(3)])
        .default(5)
        .describe(
          "machines, beside those that suspect it, whose package managers must have vouched for a sample for a week before it is answered as clean without a chamber; 0 means never, 3 is the least",
        ),
      queue: z
        .number()
        .int()
        .positive()
        .default(64)
        .describe("submissions that may wait at the centre; beyond, cases stay with the admin server"),
      workers: z
        .number()
        .int()
        .min(0)
        .max(256)
        .default(0)
        .describe("samples analysed at the same time; 0 means as many as processors and memory allow"),
      warm: z
        .number()
        .int()
        .min(-1)
        .max(256)
        .default(-1)
        .describe("restored chambers that are kept ready; -1 means one for each worker"),
      chamber: z
        .enum(["qemu", "bwrap"])
        .default("qemu")
        .describe(
          "qemu: a machine with a kernel of its own; bwrap: only namespaces and a system call filter, which shares this machine's kernel",
        ),
    })
    .prefault({})
    .describe("the analysis centre"),
  policy: z
    .strictObject({
      submit: Level.default("automatic").describe("whether samples leave for the analysis centre"),
      repair: Level.default("automatic").describe("whether the patient is repaired"),
      rollout: Level.default("automatic").describe("whether the other machines get the prescription"),
    })
    .prefault({})
    .describe("who decides: observe (only record), propose (ask a person), automatic"),
});
export type Config = z.infer<typeof Config>;
