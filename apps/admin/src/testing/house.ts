/** A real admin server on a free port with real parties, for the tests of this app only. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CaseId,
  Config,
  type LinkReply,
  type LinkRequest,
  type MachineId,
  newId,
  Prescription,
  SampleMeta,
  Sha256,
  silentLogger,
} from "@thymus/contracts";
import {
  createLinkClient,
  decodeToken,
  type LinkClient,
  loadOrCreateSampleIdentity,
  loadOrCreateSigningKeys,
  publishRequests,
  sealSample,
  TufPublisher,
} from "@thymus/trust";
import { type AdminServer, startAdmin } from "../index.ts";

export type Reply<T extends LinkReply["type"]> = Extract<LinkReply, { type: T }>;

export class House {
  readonly dir: string;
  config: Config;
  readonly consoleDir: string;
  admin!: AdminServer;
  /** Milliseconds by which the clock of everybody here is ahead. */
  ahead = 0;

  private constructor(dir: string, config: Config, consoleDir: string) {
    this.dir = dir;
    this.config = config;
    this.consoleDir = consoleDir;
  }

  static async build(
    settings: { admin?: object; policy?: object } = {},
    consoleDir?: string,
  ): Promise<House> {
    const dir = await mkdtemp(join(tmpdir(), "thymus-admin-"));
    const page = join(dir, "page");
    await mkdir(page);
    await writeFile(join(page, "index.html"), "<!doctype html><title>Thymus</title>");
    const house = new House(dir, Config.parse(settings), consoleDir ?? page);
    await house.start();
    return house;
  }

  async start(): Promise<void> {
    this.admin = await startAdmin({
      dataDir: join(this.dir, "admin"),
      config: this.config,
      listen: "127.0.0.1:0",
      consoleDir: this.consoleDir,
      log: silentLogger,
      now: () => Date.now() + this.ahead,
    });
  }

  async restart(): Promise<void> {
    await this.admin.close();
    await this.start();
  }

  async tearDown(): Promise<void> {
    await this.admin.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Calls the API. `body` undefined makes a GET. */
  async api(path: string, body?: unknown, method = body === undefined ? "GET" : "POST") {
    const response = await fetch(`${this.admin.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.admin.apiToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
    return { status: response.status, body: (await response.json()) as any };
  }

  async token(role: "agent" | "analysis"): Promise<string> {
    return (await this.api("/api/v1/tokens", { role })).body.token;
  }

  async agent(name: string): Promise<Party> {
    return Party.enrol(this, name, null);
  }

  async centre(): Promise<Centre> {
    const keys = await loadOrCreateSampleIdentity(join(this.dir, "age"));
    const tuf = await TufPublisher.open({ dir: join(this.dir, "tuf") });
    const party = await Party.enrol(this, "centre", { recipient: keys.recipient, tufRoot: tuf.root() });
    return { party, tuf, ...keys };
  }
}

export interface Centre {
  readonly party: Party;
  readonly tuf: TufPublisher;
  readonly identity: string;
  readonly recipient: string;
}

/** An enrolled agent or analysis centre. Finds the server again after a restart. */
export class Party {
  readonly house: House;
  readonly machine: MachineId;
  readonly #make: (machine: MachineId | null) => Promise<LinkClient>;

  private constructor(
    house: House,
    machine: MachineId,
    make: (machine: MachineId | null) => Promise<LinkClient>,
  ) {
    this.house = house;
    this.machine = machine;
    this.#make = make;
  }

  static async enrol(
    house: House,
    name: string,
    analysis: { recipient: string; tufRoot: string } | null,
    encoded?: string,
  ): Promise<Party> {
    const role = analysis ? "analysis" : "agent";
    const token = decodeToken(encoded ?? (await house.token(role)));
    const signing = await loadOrCreateSigningKeys(join(house.dir, `${name}.pem`));
    const make = async (machine: MachineId | null) =>
      createLinkClient({
        url: house.admin.url,
        serverKey: token.server,
        signing,
        machine,
        now: () => new Date(Date.now() + house.ahead),
      });
    const reply = await (await make(null)).enrol({
      type: "enrol",
      secret: token.secret,
      role,
      hostname: name,
      publicKey: signing.publicKey,
      version: "0.1.0",
      analysis,
    });
    return new Party(house, reply.machine, make);
  }

  client(): Promise<LinkClient> {
    return this.#make(this.machine);
  }

  async say<T extends LinkReply["type"]>(request: LinkRequest): Promise<Reply<T>> {
    return (await (await this.client()).send(request)) as Reply<T>;
  }

  sync(known = 0, waitSeconds = 0): Promise<Reply<"synced">> {
    const health = {
      version: "0.1.0",
      active: [],
      watched: ["/usr/bin"],
      files: 10,
      lostEvents: 0,
      blind: null,
    };
    return this.say({ type: "sync", known, waitSeconds, health });
  }

  open(id: CaseId, bytes: string): Promise<Reply<"case-opened">> {
    return this.say({ type: "open-case", id, sample: sampleOf(this.machine, bytes) });
  }

  async upload(id: CaseId, bytes: string, recipient: string): Promise<void> {
    const plain = join(this.house.dir, `${id}.plain`);
    await writeFile(plain, bytes);
    await sealSample(plain, recipient, `${plain}.age`);
    await (await this.client()).uploadSample(id, `${plain}.age`);
  }

  claim(waitSeconds = 0, leaseSeconds = 60): Promise<Reply<"claimed">> {
    return this.say({ type: "claim", waitSeconds, leaseSeconds });
  }

  analysed(
    work: { case: CaseId; lease: string },
    result: {
      prescription?: Prescription;
      gaveUp?: { code: string; why: string };
      harmless?: boolean;
      report?: object;
    },
  ): Promise<Reply<"done">> {
    const { prescription, gaveUp, harmless, report = { said: "by the test" } } = result;
    return this.say({
      type: "analysed",
      case: work.case,
      lease: work.lease,
      verdict: harmless ? "harmless" : prescription ? "infector" : "unknown",
      family: prescription?.family ?? null,
      prescription: prescription?.id ?? null,
      gaveUp: gaveUp ?? null,
      report: JSON.stringify(report),
    });
  }

  outcome(prescription: Prescription, given: Partial<Extract<LinkRequest, { type: "outcome" }>> = {}) {
    const file = {
      path: "/bin/x",
      result: "repaired",
      why: null,
      sha256Before: null,
      sha256After: null,
    } as const;
    return this.say<"done">({
      type: "outcome",
      prescription: prescription.id,
      case: null,
      files: [file],
      healthy: true,
      why: null,
      ...given,
    });
  }
}

export const digestOf = (bytes: string) => Sha256.parse(createHash("sha256").update(bytes).digest("hex"));

export function sampleOf(machine: MachineId, bytes: string): SampleMeta {
  const sha256 = digestOf(bytes);
  const observation = newId("obs");
  const at = new Date().toISOString();
  const facts = { sha256, size: bytes.length, type: "shell" as const };
  return SampleMeta.parse({
    ...facts,
    name: "tool",
    suspicion: {
      id: newId("sus"),
      machine,
      subject: { path: "/usr/bin/tool", ...facts },
      score: 0.9,
      reasons: [{ observation, weight: 0.9, why: "it changed programs" }],
      observations: [
        {
          id: observation,
          kind: "program-changed",
          path: "/usr/bin/tool",
          at,
          what: "changed",
          sha256Before: null,
          sha256After: sha256,
          prescription: null,
        },
      ],
      at,
    },
  });
}

export function prescriptionFor(bytes: string): Prescription {
  const digest = digestOf(bytes);
  const counts = {
    infected: 9,
    detected: 9,
    repaired: 9,
    freshInfected: 4,
    freshDetected: 4,
    freshRepaired: 4,
  };
  return Prescription.parse({
    version: 1,
    id: newId("rx"),
    pathogen: "infection",
    family: "sh.test",
    aliases: [],
    detect: { engine: "yara-x", rule: 'rule t { strings: $a = "test" condition: $a }', scope: ["shell"] },
    repair: [],
    proof: {
      decoys: counts,
      goodware: { files: 100, bytes: 5_000_000, matches: 0, corpus: `sha256:${digest}` },
      samples: [digest],
      evidence: digest,
      chamber: { kind: "qemu-tcg", trust: "isolated", image: digest },
      seconds: { total: 30, chamber: 20, signature: 5, proof: 5 },
    },
    made: { by: "test", version: "0.1.0", at: new Date().toISOString() },
  });
}

/** Publishes through the link, as an analysis centre does. */
export async function publish(centre: Centre, prescription: Prescription): Promise<void> {
  const content = Buffer.from(JSON.stringify(prescription));
  const files = await centre.tuf.publish([{ path: `prescriptions/${prescription.id}.json`, content }]);
  for (const request of publishRequests(files)) await centre.party.say(request);
}
