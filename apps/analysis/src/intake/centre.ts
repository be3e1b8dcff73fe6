/**
 * The analysis centre as a service: takes sealed samples from an admin server into its intake, has them analysed in the
 * confined worker, signs what was proved, publishes it, reports. Every step can be repeated: after a kill what was taken
 * is in the intake with its lease, and what was already done is found on disk.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  asThymusError,
  type ClaimReply,
  type Config,
  type Logger,
  type PrescriptionId,
  parseJsonDocument,
  ThymusError,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import {
  createLinkClient,
  type LinkClient,
  loadOrCreateSampleIdentity,
  loadOrCreateSigningKeys,
  openSample,
  TufPublisher,
} from "@thymus/trust";
import { unpackRoot } from "../chamber/bwrap/tree.ts";
import { FamilyMemory } from "../families/memory.ts";
import { immunize } from "../immunize.ts";
import { prescriptionIdOf } from "../publish/assemble.ts";
import { MAX_SAMPLE_BYTES } from "../sample.ts";
import { WorkerPool } from "../worker/pool.ts";
import { corpusFolders } from "../worker/readable.ts";
import type { Urgency } from "./answer.ts";
import { Deliveries, LEASE_SECONDS } from "./deliver.ts";
import { effortFor } from "./effort.ts";
import { Enrolment, files, holdCentre } from "./enrolment.ts";
import { isFinished, readCase } from "./finished.ts";
import { openIntake } from "./intake.ts";
import { pause } from "./pause.ts";
import { Releases } from "./release.ts";
import type { Finished, Intake, Turn } from "./types.ts";
import { analysisVersion } from "./version.ts";

export interface CentreOptions {
  /** DIR/analysis: keys, TUF repository, intake, finished cases. */
  readonly dataDir: string;
  readonly chamberDir: string;
  readonly corpusDir: string;
  readonly drillPrograms: string | null;
  readonly config: Config;
  readonly log: Logger;
  /** Number of cases analysed at the same time. */
  readonly workers: number;
  /** Chambers that one analysis may run at the same time while nothing else waits. */
  readonly parallel: number;
}

type Work = NonNullable<ClaimReply["work"]>;

/** Hours between two signatures of the TUF timestamp, which is good for days. */
const TIMESTAMP_HOURS = 6;
/** Errors that say nothing about the sample: it is tried again when their cause is gone. */
const repeatable = [
  "UNREACHABLE",
  "INTERRUPTED",
  "CHAMBER_NOT_BUILT",
  "CORPUS_MISSING",
  "CONFINEMENT_UNAVAILABLE",
  "UNAUTHENTICATED",
  "CONFLICT",
];

/**
 * Starts the claim loop; it goes on through every failure and says what failed.
 * @throws ThymusError CONFLICT (another centre has this folder), KEY_PERMISSIONS, KEY_INVALID, STORE_FAILED
 */
export async function startCentre(options: CentreOptions): Promise<{ close(): Promise<void> }> {
  const release = await holdCentre(options.dataDir);
  try {
    const centre = await startHeld(options);
    return { close: () => centre.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function startHeld(options: CentreOptions): Promise<{ close(): Promise<void> }> {
  const at = files(options.dataDir);
  const enrolment = parseJsonDocument(Enrolment, await readFile(at.enrolment, "utf8"), at.enrolment);
  const signing = await loadOrCreateSigningKeys(at.signing);
  const { identity } = await loadOrCreateSampleIdentity(at.sample);
  const publisher = await TufPublisher.open({ dir: at.tuf });
  const stop = new AbortController();
  const link = createLinkClient({
    url: enrolment.url,
    serverKey: enrolment.serverKey,
    signing,
    machine: enrolment.machine,
    signal: stop.signal,
  });
  // Whatever a killed run left half done is worthless: finished cases lie in cases/, samples that wait in intake/.
  await rm(at.work, { recursive: true, force: true });
  for (const folder of [at.work, at.cases]) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(at.cases))
    if (name.startsWith(".")) await rm(join(at.cases, name), { recursive: true, force: true });
  const centre = new Centre(options, link, new Releases(publisher, link, at.retired), identity, stop.signal);
  await centre.open();
  const loops = [centre.claimLoop(), centre.timestampLoop()];
  return {
    async close() {
      stop.abort();
      await Promise.all(loops);
      await centre.close();
    },
  };
}

class Centre {
  readonly #options: CentreOptions;
  readonly #link: LinkClient;
  readonly #releases: Releases;
  readonly #identity: string;
  readonly #stop: AbortSignal;
  readonly #deliveries: Deliveries;
  #everywhere: ReadonlySet<string> = new Set();
  #recalled: ReadonlySet<string> = new Set();
  #families!: FamilyMemory;
  #intake!: Intake;
  #pool!: WorkerPool;

  constructor(
    options: CentreOptions,
    link: LinkClient,
    releases: Releases,
    identity: string,
    stop: AbortSignal,
  ) {
    this.#options = options;
    this.#link = link;
    this.#releases = releases;
    this.#identity = identity;
    this.#stop = stop;
    this.#deliveries = new Deliveries(link, options.log, stop);
  }

  async open(): Promise<void> {
    const { config, chamberDir, corpusDir, drillPrograms, workers, parallel, log } = this.#options;
    if (config.analysis.chamber === "bwrap") {
      log.warn("samples share this machine's kernel: analysis.chamber is bwrap");
      await unpackRoot(chamberDir);
    }
    this.#pool = new WorkerPool({
      parent: files(this.#options.dataDir).cases,
      chamberDir,
      readable: [...(await corpusFolders(corpusDir)), ...(drillPrograms ? [drillPrograms] : [])],
      workers: config.analysis.warm < 0 ? workers : config.analysis.warm,
      machines: Math.min(2, parallel),
      chamber: config.analysis.chamber,
      log,
    });
    this.#families = await FamilyMemory.open(files(this.#options.dataDir).families);
    this.#intake = await openIntake({
      dataDir: files(this.#options.dataDir).intake,
      corpusDir,
      cleanLists: config.analysis.cleanLists,
      fleetClean: config.analysis.fleetClean,
      version: await analysisVersion(chamberDir),
      capacity: config.analysis.queue,
      workers,
      analyse: (turn) => this.#analyse(turn),
      repeatable: (error) => repeatable.includes(error.code),
      mayAnswerBy: (prescription) => this.#everywhere.has(prescription),
      replacedBy: (prescription) => this.#families.replacedBy(prescription),
      onAnswer: () => this.#deliveries.wake(),
      log,
    });
    this.#deliveries.start(this.#intake);
  }

  async close(): Promise<void> {
    await this.#intake.close();
    await this.#families.close();
    await this.#pool.close();
    await this.#deliveries.ended;
  }

  async claimLoop(): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        const { open } = await this.#intake.depth();
        // Where there is no room, cases stay with the admin server, which gives them to whoever asks.
        if (open >= this.#options.config.analysis.queue) {
          await pause(1, this.#stop);
          continue;
        }
        const reply = await this.#link.send({ type: "claim", waitSeconds: 20, leaseSeconds: LEASE_SECONDS });
        if (reply.type !== "claimed") continue;
        if (reply.replaced) await this.#retire(reply.replaced);
        // Without work too: what is withdrawn must answer nothing that waits here already.
        this.#everywhere = new Set(reply.everywhere ?? []);
        this.#recalled = new Set(reply.recalled ?? []);
        await this.#intake.recall(reply.recalled ?? []);
        await this.#families.recall(reply.recalled ?? []);
        if (reply.work) await this.#take(reply.work);
      } catch (thrown) {
        if (this.#stop.aborted) return;
        const error = asThymusError(thrown);
        this.#options.log.warn(`${error.code}: ${error.message}`);
        await pause(2, this.#stop);
      }
    }
  }

  /** What cannot be taken out now is taken out later: no sample waits for it. */
  async #retire(replaced: readonly PrescriptionId[]): Promise<void> {
    await this.#releases.retire(replaced).catch((thrown: unknown) => {
      if (!this.#stop.aborted)
        this.#options.log.warn(`what retired is still published: ${asThymusError(thrown).toLine()}`);
    });
  }

  async timestampLoop(): Promise<void> {
    let wait = 0;
    while (!this.#stop.aborted) {
      await pause(wait, this.#stop);
      if (this.#stop.aborted) return;
      try {
        await this.#intake.prune();
        await this.#releases.timestamp();
        wait = TIMESTAMP_HOURS * 3600;
      } catch (thrown) {
        const error = asThymusError(thrown);
        this.#options.log.warn(`timestamp not published: ${error.code}: ${error.message}`);
        wait = 5;
      }
    }
  }

  /** Claim, download, triage: then the case is in the intake, or answered. */
  async #take(work: Work): Promise<void> {
    const { log } = this.#options;
    log.info(`taking ${work.case}`, { sample: work.sample.sha256.slice(0, 16), name: work.sample.name });
    await failpoint("analysis.claimed");
    const at = files(this.#options.dataDir);
    const sealed = join(at.work, `${work.case}.sealed`);
    const plain = join(at.work, `${work.case}.sample`);
    const hold = this.#deliveries.hold(work.case, work.lease);
    try {
      await this.#link.downloadSample(work.case, work.lease, sealed);
      await failpoint("analysis.downloaded");
      const opened = await openSample(sealed, this.#identity, plain, MAX_SAMPLE_BYTES);
      if (opened.sha256 !== work.sample.sha256)
        throw new ThymusError(
          "SEAL_BROKEN",
          `the sample of ${work.case} is not what its machine announced`,
          "submit it again",
        );
      const { name, suspicion } = work.sample;
      const about = { name, urgency: urgencyOf(work), submitter: suspicion.machine };
      const fleet = work.fleet ? { fleet: work.fleet } : {};
      const meta = { id: work.case, ...about, ...fleet, ticket: work.lease };
      const answer = await this.#intake.submit(plain, meta);
      log.info(`${work.case}: ${answer.state}`, "by" in answer ? { by: answer.by } : {});
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (this.#stop.aborted || repeatable.includes(error.code)) throw thrown;
      await this.#deliveries.refuse(work, error);
    } finally {
      hold.end();
      for (const file of [sealed, plain]) await rm(file, { force: true });
    }
  }

  /** Analyses, or finds what an earlier run of the same case already finished; publishes what was proved. */
  async #analyse(turn: Turn): Promise<Finished> {
    const at = files(this.#options.dataDir);
    const folder = join(at.cases, turn.id);
    const isDone = await isFinished(folder, turn.id, (prescription) => this.#recalled.has(prescription));
    if (!isDone)
      await immunize({
        sample: turn.file,
        name: turn.name,
        out: at.cases,
        caseId: turn.id,
        chamberDir: this.#options.chamberDir,
        corpusDir: this.#options.corpusDir,
        drillPrograms: this.#options.drillPrograms,
        budgetSeconds: this.#options.config.analysis.budgetSeconds,
        ...effortFor(turn.busy, availableParallelism(), this.#options.parallel),
        onProgress: (what) => this.#deliveries.progress(turn.id, what),
        signal: turn.signal,
        pool: this.#pool,
        chamber: this.#options.config.analysis.chamber,
        families: {
          memory: this.#families,
          submitter: turn.submitter,
          mayAnswerBy: (prescription) => this.#everywhere.has(prescription),
        },
      });
    await failpoint("analysis.analysed");
    const finished = await readCase(folder, turn.id);
    // Killed between the folder and the memory of it.
    if (isDone)
      await this.#families.alone(() => this.#families.remember(folder, turn.id, finished.prescription));
    // One of an earlier case is published already.
    if (finished.prescription?.id === prescriptionIdOf(turn.id)) {
      await this.#releases.publish(finished.prescription);
      await this.#families.published(finished.prescription.id);
    }
    await failpoint("analysis.published");
    return finished;
  }
}

/** A machine whose programs were changed waits for its cure; everything else is only suspected. */
function urgencyOf(work: Work): Urgency {
  const changed = work.sample.suspicion.observations.some(
    ({ kind }) => kind === "decoy-touched" || kind === "program-changed",
  );
  return changed ? "patient" : "fresh";
}
