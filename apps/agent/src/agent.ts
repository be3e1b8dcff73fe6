import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { type Config, type Logger, MachineId } from "@thymus/contracts";
import type { RuleEngine } from "@thymus/detection";
import { Behaviour } from "./behaviour/behaviour.ts";
import { Chores } from "./chores.ts";
import { Politeness } from "./citizen/politeness.ts";
import { Contribution } from "./contribution/contribution.ts";
import { Keeper } from "./copies/keeper.ts";
import { openCopies } from "./copies/open.ts";
import { ProtectedPaths } from "./files/protected.ts";
import { documentFolders, Roots, watchedFolders } from "./files/roots.ts";
import { OnAccess } from "./guard/on-access.ts";
import { startGuard } from "./guard/start.ts";
import { Rounds } from "./integrity/rounds.ts";
import { Conversation } from "./link/conversation.ts";
import { readEnrolment } from "./link/enrolment.ts";
import { Outbox } from "./link/outbox.ts";
import { openServer, type Server } from "./link/server.ts";
import { Timeline } from "./link/timeline.ts";
import { Decoys } from "./monitors/decoys/decoys.ts";
import { Watchman } from "./monitors/watchman.ts";
import { OwnFiles, type OwnFilesOptions } from "./own/own-files.ts";
import { type OwnPlaces, placesOf } from "./own/places.ts";
import { BringBack } from "./packages/bring-back.ts";
import { Confirmer } from "./packages/confirmer.ts";
import type { PackageManager } from "./packages/manager.ts";
import { packagesOf } from "./packages/system.ts";
import { Quarantine } from "./quarantine/quarantine.ts";
import { openVault } from "./quarantine/vault.ts";
import { recoverOperations } from "./repair/recover.ts";
import { ActivePrescriptions } from "./scanning/active.ts";
import { Brake } from "./scanning/brake.ts";
import { confinementNotice } from "./scanning/confinement.ts";
import { ContentJudge } from "./scanning/content-judge.ts";
import { FullScan } from "./scanning/full-scan.ts";
import { Healer } from "./scanning/healer.ts";
import { Prescriptions } from "./scanning/prescriptions.ts";
import { holdAgent } from "./state/hold.ts";
import { Notices } from "./state/notices.ts";
import { openAgentDatabase } from "./state/open.ts";
import { Serial } from "./state/serial.ts";
import { Cases } from "./suspicion/cases.ts";
import { Investigator, type InvestigatorOptions } from "./suspicion/investigator.ts";
import { ContentMarks } from "./trial/marks.ts";
import { startContent } from "./trial/start.ts";
import { Trial } from "./trial/trial.ts";

export interface AgentOptions {
  /** DIR/agent */
  readonly dataDir: string;
  readonly config: Config;
  readonly log: Logger;
  /** The configuration file that was named, to be watched with the agent's other own files. */
  readonly configFile?: string | null;
  /** Address of the server where it is another than the one that this machine joined under. */
  readonly url?: string;
}

/** What a test may replace. */
export interface AgentParts {
  readonly server?: Server | null;
  readonly packages?: PackageManager;
  readonly engine?: () => Promise<RuleEngine>;
  /** Where its own files lie; null where they are not to be watched. */
  readonly places?: OwnPlaces | null;
  /** What the first baseline waits for after each of its steps. */
  readonly pace?: () => Promise<void>;
}

export interface RunningAgent {
  /** Resolves once no first baseline is being made: until then large folders are not yet known. */
  baselined(): Promise<void>;
  /** Ends all watching and work in progress; the next start goes on where this one stopped. */
  close(): Promise<void>;
}

/**
 * Starts the agent: first whatever a crash left unfinished, then the watch and the comparison with the baseline, then
 * the talk with the server. First baselines of large folders are made while all of that runs. Without a server it observes and acts on the prescriptions that it has.
 * @throws ThymusError STORE_FAILED, STORE_NEWER, KEY_PERMISSIONS, KEY_INVALID, CONFLICT (another agent has this folder)
 */
export function startAgent(options: AgentOptions): Promise<RunningAgent> {
  return runAgent(options, {});
}

export async function runAgent(options: AgentOptions, parts: AgentParts): Promise<RunningAgent> {
  const release = await holdAgent(options.dataDir);
  try {
    const agent = await runHeld(options, parts);
    return { ...agent, close: () => agent.close().finally(release) };
  } catch (error) {
    release();
    throw error;
  }
}

async function runHeld(options: AgentOptions, parts: AgentParts): Promise<RunningAgent> {
  const { config, dataDir, log } = options;
  const drill = join(dataDir, "drill");
  await mkdir(drill, { recursive: true, mode: 0o700 });
  const db = await openAgentDatabase(dataDir);
  const stop = new AbortController();
  const serial = new Serial();
  const maxBytes = config.admin.maxSampleBytes;
  const roots = await Roots.of(watchedFolders(config), dataDir, drill);
  const places = placesOf(dataDir, options.configFile ?? null);
  const paths = new ProtectedPaths(dataDir, [drill, roots.drill], [...places.configs, ...places.loaded]);
  const vault = await openVault(dataDir);
  const quarantine = new Quarantine({
    db,
    folder: join(dataDir, "quarantine"),
    vault,
    maxBytes: config.agent.quarantineBytes,
  });
  const context = { db, quarantine, maxBytes };
  await recoverOperations(context, log);
  await quarantine.sweep();
  const marks = new ContentMarks(dataDir);
  const active = new ActivePrescriptions(db, log, marks, parts.engine);
  const timeline = new Timeline(dataDir, log);
  const notices = new Notices();
  const onLayers = confinementNotice(notices);
  const judge = new ContentJudge({
    ...{ active, log, maxBytes, onLayers },
    cacheDir: join(dataDir, "scans", "compiled"),
    // An engine of a test's own is in this process only.
    inProcess: parts.engine !== undefined,
    onSetAside(path) {
      timeline
        .note(db, null, `${path} ended, or held up, the process that applies rules, twice: it is set aside`)
        .catch((error: Error) => log.warn("it could not be recorded", { path, why: error.message }));
    },
  });
  notices.from(async () => judge.notices());
  const copies = await openCopies({
    ...{ db, dataDir, vault, config },
    async suspect(bytes, type, sha256, path) {
      const found = await judge.judgeOne({ path, bytes, type, sha256 });
      return typeof found === "string" || active.answerFor(sha256, found[0] ?? null) !== null;
    },
  });

  const cases = new Cases(db);
  const documents = await realFolders(documentFolders(config));
  const programs = await realFolders(config.agent.watch);
  const decoys = new Decoys(
    db,
    log,
    documents.filter((folder) => !programs.includes(folder)),
  );
  const packages = parts.packages ?? packagesOf(db);
  const brake = new Brake(db, config);
  notices.from(() => brake.notices());
  notices.from(async () => (await packages.notices?.()) ?? []);
  quarantine.onFull = (why) => notices.set("quarantine-full", why && `files are left as they are: ${why}`);
  const own = ownFilesOf(parts.places === undefined ? places : parts.places, {
    ...{ db, log, notices, packages, timeline, recheckSeconds: config.agent.recheckSeconds },
  });
  const healer = new Healer({ ...context, active, brake, config, copies, judge, packages, paths, timeline });
  const server = parts.server === undefined ? await joined(options, stop.signal) : parts.server;

  const isDecoy = async (path: string) => (await decoys.get(path)) !== null;
  let watchman: Watchman;
  const requeue = (root: string, changed: Iterable<string>) => watchman.requeue(root, changed);
  const shared = { ...context, cases, decoys, log, requeue, timeline };
  const outbox = new Outbox({ ...shared, folder: join(dataDir, "outbox") });
  const bringBack = new BringBack({ ...context, config, log, packages, paths, serial, timeline });
  const confirmer = new Confirmer({
    ...{ db, log, packages, timeline },
    requeue: (path) => {
      const root = roots.of(path);
      if (root) requeue(root, [path]);
    },
  });
  const investigation: InvestigatorOptions = {
    ...shared,
    active,
    bringBack,
    confirmer,
    config,
    healer,
    judge,
    machine: () => server?.enrolment.machine ?? MachineId.parse("machine-local"),
    outbox,
    packages,
    // Who lays out the files of a drill is Thymus itself.
    onInfected: (paths) => behaviour.infected(paths.filter((path) => roots.of(path) !== roots.drill)),
  };
  const prescriptions = new Prescriptions({
    ...context,
    active,
    healer,
    log,
    marks,
    trial: new Trial({ paths, packages }),
    roots: () => roots.all,
    skip: roots.skip,
    rootOf: (path) => roots.of(path),
    isDecoy,
    timeline,
    onOutcome: () => conversation?.wake(),
  });
  const politeness = new Politeness(config.agent.scan);
  watchman = new Watchman({
    investigation,
    investigator: new Investigator(investigation),
    keeper: new Keeper({ cases, copies, isDecoy, log, roots }),
    pace: parts.pace ?? null,
    onChanges: (changes) => behaviour.changed(changes),
    politeness,
    prescriptions,
    roots,
    serial,
  });
  const behaviour = new Behaviour({ ...investigation, context, copies, dataDir, paths, roots, serial });
  await behaviour.start();
  const guarding = await startGuard(config.agent, log, behaviour.guarded());
  const { guard } = guarding;
  notices.from(async () => [...behaviour.notices(), ...guarding.notices()]);
  const onAccess =
    guard &&
    config.agent.onAccess.mode !== "off" &&
    new OnAccess({
      ...shared,
      active,
      config,
      dataDir,
      guard,
      healer,
      onLayers,
      serial,
      rootOf: (path) => roots.of(path),
    });
  if (onAccess) notices.from(async () => onAccess.notices());
  if (guard) {
    guard.onAsk = async (ask) =>
      ask.kind === "writer" ? behaviour.onAsk(ask) : onAccess ? onAccess.decide(ask) : "allow";
    behaviour.onRelease = (key) => guard.release(key);
    behaviour.onDecoys = (paths) => guard.watchDecoys(paths);
  }
  const contribution = new Contribution({ db, config, packages, log, signal: stop.signal });
  const conversation = server
    ? new Conversation({
        ...shared,
        active,
        contribution,
        notices,
        ours: (work) => (own ? own.ours(work) : work()),
        outbox,
        prescriptions,
        serial,
        server,
        watchman,
      })
    : null;
  notices.from(() => outbox.notices());
  notices.from(async () => watchman.notices());
  timeline.onEvent = () => conversation?.wake();
  outbox.wake = () => conversation?.wake();

  const content = await startContent({ active, db, log, marks, notices, prescriptions });
  await outbox.resume();
  // What manifests say now is what later ones are compared with.
  const known = packages
    .claim(dataDir)
    .catch((error: Error) =>
      log.warn("what the package manager knows cannot be read", { why: error.message }),
    );
  await watchman.start().catch(async (error) => {
    await guard?.close();
    await behaviour.close();
    throw error;
  });
  // What waited for the start has asked for the process that applies rules already; what comes later finds it ready.
  active.onLoad = () => judge.warm();
  judge.warm();
  await known;
  await bringBack.resume();
  conversation?.start();
  own?.start();
  const fullScan = new FullScan({
    ...context,
    active,
    config,
    dataDir,
    healer,
    log,
    onLayers,
    politeness,
    roots: () => roots.all,
    rootOf: (path) => roots.of(path),
    skip: roots.skip,
    serial,
    timeline,
  });
  notices.from(async () => fullScan.notices());
  const chores = new Chores({
    ...context,
    days: config.agent.quarantineDays,
    log,
    prescriptions,
    serial,
    timeline,
  });
  const rounds = new Rounds({
    ...{ db, log, maxBytes, politeness, timeline },
    days: config.agent.contentDays,
    rootOf: (path) => roots.of(path),
    onForged: (root, path) => requeue(root, [path]),
  });
  const watches = () =>
    log.info("the agent watches", { roots: roots.all, server: server?.enrolment.url ?? "none" });
  const making = watchman.notices();
  if (making.length > 0) log.info("the agent is at work while first baselines are made", { making });
  watchman.baselined().then(() => stop.signal.aborted || watches());
  let closing: Promise<void> | null = null;
  const close = async () => {
    stop.abort();
    chores.close();
    await own?.close();
    await rounds.close();
    if (onAccess) await onAccess.close();
    await behaviour.close();
    await fullScan.close();
    await guard?.close();
    await conversation?.close();
    await watchman.close();
    await bringBack.close();
    await confirmer.close();
    await serial.idle();
    await content.close();
    await judge.close();
    active.close();
    await db.destroy();
  };
  return {
    baselined: () => watchman.baselined(),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function ownFilesOf(places: OwnPlaces | null, options: Omit<OwnFilesOptions, "places">): OwnFiles | null {
  return places && new OwnFiles({ ...options, places });
}

/** Folders by their real paths; one that is missing by its name. */
function realFolders(folders: readonly string[]): Promise<string[]> {
  return Promise.all(folders.map((path) => realpath(path).catch(() => path)));
}

async function joined({ dataDir, log, url }: AgentOptions, signal: AbortSignal): Promise<Server | null> {
  const enrolment = await readEnrolment(dataDir);
  if (enrolment) return openServer(dataDir, url ? { ...enrolment, url } : enrolment, signal, log);
  log.warn("this machine has not joined a server: it observes, and acts on what it knows");
  return null;
}
