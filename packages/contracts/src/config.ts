import { z } from "zod";
import { Level } from "./common.ts";

/** Bytes. */
const Size = z.number().int().positive();

/** `thymus.toml`, and `--config FILE`. Every field has a default; an unknown one is refused with its place. */
export const Config = z.strictObject({
  admin: z
    .strictObject({
      /** HOST:PORT of console, API, link and TUF files. */
      listen: z.string().default("127.0.0.1:8480"),
      /** Seconds that a patient has to report before the rollout halts. */
      patientSeconds: z.number().positive().default(120),
      maxSampleBytes: Size.default(64 * 1024 * 1024),
      maxOpenCases: z.number().int().positive().default(1000),
    })
    .prefault({}),
  agent: z
    .strictObject({
      /** Folders whose programs are watched, besides the drill folder. */
      watch: z.array(z.string().startsWith("/")).default([]),
      /** Score from which a suspicion is submitted. */
      threshold: z.number().min(0).max(1).default(0.6),
      /** Seconds of quiet after which changes of one folder are judged together. */
      settleSeconds: z.number().positive().default(1),
      /** Seconds between compensating re-checks of the baseline by metadata. */
      recheckSeconds: z.number().positive().default(300),
      quarantineBytes: Size.default(1024 * 1024 * 1024),
    })
    .prefault({}),
  analysis: z
    .strictObject({
      /** Seconds of wall clock that one sample may take in all. */
      budgetSeconds: z.number().positive().default(240),
      /** Folders of goodware; empty means what this machine's package manager vouches for. */
      goodware: z.array(z.string().startsWith("/")).default([]),
      maxGoodwareBytes: Size.default(2 * 1024 * 1024 * 1024),
    })
    .prefault({}),
  policy: z
    .strictObject({
      submit: Level.default("automatic"),
      repair: Level.default("automatic"),
      rollout: Level.default("automatic"),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
