/**
 * The analysis centre as a service: takes sealed samples from an admin server, has them analysed in the confined worker,
 * signs what was proved, publishes it. Every step can be repeated: after a kill the lease runs out, the case is given
 * again, and what was already done is found on disk.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  asThymusError,
  type CaseId,
  type ClaimReply,
  type Config,
  ImmunizeReport,
  type Logger,
  Prescription,
  parseDocument,
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
  type PublishedFile,
  publishRequests,
  TufPublisher,
} from "@thymus/trust";
import { immunize } from "../immunize.ts";
import { MAX_SAMPLE_BYTES } from "../sample.ts";
import { Enrolment, files, holdCentre } from "./enrolment.ts";

export interface CentreOptions {
  /** DIR/analysis: keys, TUF repository, finished cases. */
  readonly dataDir: string;
  readonly chamberDir: string;
  readonly corpusDir: string;
  readonly drillPrograms: string | null;
  readonly config: Config;
  readonly log: Logger;
  /** Number of cases analysed at the same time. */
  readonly workers: number;
  /** Chambers that one analysis may run at the same time. */
  readonly parallel: number;
}

type Work = NonNullable<ClaimReply["work"]>;

const LEASE_SECONDS = 10;
/** Hours between two signatures of the TUF timestamp, which is good for days. */
const TIMESTAMP_HOURS = 6;

/**
 * Starts the claim loops; they go on through every failure and say what failed.
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
  // Whatever a killed run left half done is worthless: finished cases lie in cases/.
  await rm(at.work, { recursive: true, force: true });
  for (const folder of [at.work, at.cases]) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(at.cases))
    if (name.startsWith(".")) await rm(join(at.cases, name), { recursive: true, force: true });
  const centre = new Centre(options, link, publisher, identity, stop.signal);
  const loops = Array.from({ length: options.workers }, () => centre.claimLoop());
  loops.push(centre.timestampLoop());
  return {
    async close() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

class Centre {
  readonly #options: CentreOptions;
  readonly #link: LinkClient;
  readonly #publisher: TufPublisher;
  readonly #identity: string;
  readonly #stop: AbortSignal;
  #publishing: Promise<void> = Promise.resolve();
  /** The server may lack files: at the start, and after whatever could not be sent. Then it gets all of them. */
  #behind = true;

  constructor(
    options: CentreOptions,
    link: LinkClient,
    publisher: TufPublisher,
    identity: string,
    stop: AbortSignal,
  ) {
    this.#options = options;
    this.#link = link;
    this.#publisher = publisher;
    this.#identity = identity;
    this.#stop = stop;
  }

  async claimLoop(): Promise<void> {
    while (!this.#stop.aborted) {
      try {
        const reply = await this.#link.send({ type: "claim", waitSeconds: 20, leaseSeconds: LEASE_SECONDS });
        if (reply.type === "claimed" && reply.work) await this.#handle(reply.work);
      } catch (thrown) {
        if (this.#stop.aborted) return;
        const error = asThymusError(thrown);
        this.#options.log.warn(`${error.code}: ${error.message}`);
        await pause(2, this.#stop);
      }
    }
  }

  async timestampLoop(): Promise<void> {
    let wait = 0;
    while (!this.#stop.aborted) {
      await pause(wait, this.#stop);
      if (this.#stop.aborted) return;
      try {
        await this.#release(() => this.#publisher.refreshTimestamp());
        wait = TIMESTAMP_HOURS * 3600;
      } catch (thrown) {
        const error = asThymusError(thrown);
        this.#options.log.warn(`timestamp not published: ${error.code}: ${error.message}`);
        wait = 5;
      }
    }
  }

  async #handle(work: Work): Promise<void> {
    const { log } = this.#options;
    log.info(`analysing ${work.case}`, { sample: work.sample.sha256.slice(0, 16), name: work.sample.name });
    await failpoint("analysis.claimed");
    let doing = "started";
    const renewal = setInterval(
      () => {
        this.#link
          .send({
            type: "renew",
            case: work.case,
            lease: work.lease,
            leaseSeconds: LEASE_SECONDS,
            progress: doing,
          })
          .catch((thrown: unknown) =>
            log.warn(`lease of ${work.case} not renewed: ${asThymusError(thrown).message}`),
          );
      },
      (LEASE_SECONDS * 1000) / 3,
    );
    try {
      const outcome = await this.#analyseOnce(work, (what) => {
        doing = what.slice(0, 256);
      });
      await failpoint("analysis.analysed");
      if (outcome.prescription) await this.#publish(outcome.prescription);
      await failpoint("analysis.published");
      const { report } = outcome;
      await this.#link.send({
        type: "analysed",
        case: work.case,
        lease: work.lease,
        verdict: report.verdict,
        family: report.family,
        prescription: outcome.prescription?.id ?? null,
        gaveUp: report.gaveUp,
        report: JSON.stringify(report),
      });
      log.info(`${work.case}: ${report.verdict}`, { prescription: outcome.prescription?.id ?? "none" });
    } finally {
      clearInterval(renewal);
    }
  }

  /** Analyses, or finds what an earlier run of the same case already finished. */
  async #analyseOnce(work: Work, onProgress: (what: string) => void) {
    const at = files(this.#options.dataDir);
    const folder = join(at.cases, work.case);
    if (!existsSync(join(folder, "report.json"))) {
      const sealed = join(at.work, `${work.case}.sealed`);
      const plain = join(at.work, `${work.case}.sample`);
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
        await immunize({
          sample: plain,
          name: work.sample.name,
          out: at.cases,
          caseId: work.case,
          chamberDir: this.#options.chamberDir,
          corpusDir: this.#options.corpusDir,
          drillPrograms: this.#options.drillPrograms,
          budgetSeconds: this.#options.config.analysis.budgetSeconds,
          parallel: this.#options.parallel,
          onProgress,
          signal: this.#stop,
        });
      } catch (thrown) {
        const gaveUp = this.#final(thrown);
        if (!gaveUp) throw thrown;
        return { report: gaveUpReport(work, gaveUp), prescription: null };
      } finally {
        for (const file of [sealed, plain]) await rm(file, { force: true });
      }
    }
    return readCase(folder, work.case);
  }

  /** Errors that no repetition can heal end the case; all others leave it to the next lease. */
  #final(thrown: unknown): ThymusError | null {
    const error = asThymusError(thrown);
    const repeatable = [
      "UNREACHABLE",
      "INTERRUPTED",
      "CHAMBER_NOT_BUILT",
      "CORPUS_MISSING",
      "CONFINEMENT_UNAVAILABLE",
      "UNAUTHENTICATED",
      "CONFLICT",
    ];
    return this.#stop.aborted || repeatable.includes(error.code) ? null : error;
  }

  async #publish(prescription: Prescription): Promise<void> {
    const path = `prescriptions/${prescription.id}.json`;
    const content = Buffer.from(`${JSON.stringify(prescription)}\n`);
    await this.#release(() => this.#publisher.publish([{ path, content }]));
  }

  /** One release at a time, signed and sent: an older timestamp that arrives last would be a rollback. */
  async #release(sign: () => Promise<PublishedFile[]>): Promise<void> {
    const run = this.#publishing.then(async () => {
      const fresh = await sign();
      const behind = this.#behind;
      this.#behind = true;
      await this.#send(behind ? await this.#publisher.files() : fresh);
      this.#behind = false;
    });
    this.#publishing = run.catch(() => {});
    await run;
  }

  /** In the order in which they must appear, timestamp last. */
  async #send(published: readonly PublishedFile[]): Promise<void> {
    for (const request of publishRequests(published)) await this.#link.send(request);
  }
}

async function readCase(folder: string, id: CaseId) {
  const report = parseJsonDocument(
    ImmunizeReport,
    await readFile(join(folder, "report.json"), "utf8"),
    `report of ${id}`,
  );
  const prescription = report.prescription
    ? parseJsonDocument(
        Prescription,
        await readFile(join(folder, "prescription.json"), "utf8"),
        `prescription of ${id}`,
      )
    : null;
  return { report, prescription };
}

function gaveUpReport(work: Work, error: ThymusError): ImmunizeReport {
  return parseDocument(
    ImmunizeReport,
    {
      case: work.case,
      sample: { sha256: work.sample.sha256, size: work.sample.size, type: work.sample.type },
      verdict: "unknown",
      severity: "low",
      why: error.message,
      family: null,
      behaviour: [],
      infection: null,
      prescription: null,
      repair: { recipes: 0, why: null },
      proof: null,
      gaveUp: { code: error.code, why: `${error.message}; ${error.hint}` },
      seconds: { total: 0, chamber: 0, signature: 0, proof: 0 },
      secondGeneration: null,
      chamber: "qemu-tcg",
      trust: "isolated",
    },
    "the report",
  );
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (seconds === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener("abort", done, { once: true });
  });
}
