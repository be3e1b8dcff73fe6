/** How a program hands itself on to other machines. */
import type { PublishedPackage } from "../../chamber/chamber.ts";
import { layersOf } from "../content/layers.ts";
import { knownIn, probesOf } from "../content/probes.ts";
import type { RunView } from "../view.ts";
import { type Detector, plural, type Sign, sign } from "./sign.ts";

const MANY_RECEIVERS = 5;
/** Scripts that a package manager runs by itself, at their places in a package's description. */
const installScripts = /"(preinstall|install|postinstall|prepare)"\s*:\s*"([^"]*)"/g;
const scriptsOf = (layers: readonly Buffer[]) =>
  new Set(
    layers.flatMap((layer) => [...layer.toString("latin1").matchAll(installScripts)].map(([whole]) => whole)),
  );

/** Which server got the sample's own bytes. */
function sentItself(view: RunView): Sign[] {
  const probes = probesOf(view.input.sample.bytes, 8);
  const found: Sign[] = [];
  const receivers = new Map<string, { t: number; protocol: string; port: number; what: string }>();
  for (const { exchange, host, layers } of view.outward) {
    if (exchange.protocol === "dns" || exchange.sent.length < 40 || !knownIn(probes, layers)) continue;
    if (exchange.protocol === "smtp")
      found.push(
        sign("mail-itself", {
          t: exchange.t,
          what: `mailed itself by ${host}`,
          evidence: `the mail holds the sample's own bytes: ${exchange.what}`,
        }),
      );
    else if (!view.result.published.some((each) => Math.abs(each.t - exchange.t) < 0.5))
      receivers.set(host, exchange);
  }
  if (receivers.size === 0) return found;
  const [host, first] = [...receivers][0]!;
  const login = [...receivers.values()].some(({ port }) => port === 22);
  const raw = [...receivers.values()].some(({ protocol }) => protocol === "tcp");
  found.push(
    sign(login ? "spreads-by-ssh" : "sends-itself", {
      t: first.t,
      what: `copied itself to ${plural(receivers.size, "other machine")} (${[...receivers.keys()].slice(0, 4).join(", ")})`,
      evidence: `the sample's own bytes were sent to ${host}:${first.port} by ${first.protocol}: ${first.what}`,
      // One copy over the web may be a report about itself; to several machines it is none.
      ...(receivers.size > 1 || raw || login ? {} : { weight: "suspicious" as const }),
    }),
  );
  return found;
}

function mails(view: RunView): Sign[] {
  const receivers = new Set<string>();
  let t: number | null = null;
  for (const { exchange } of view.outward) {
    if (exchange.protocol !== "smtp") continue;
    t ??= exchange.t;
    const text = Buffer.from(exchange.sent).toString("latin1");
    for (const [, address] of text.matchAll(/^RCPT TO:\s*<?([^>\s]+)/gim))
      receivers.add(address!.toLowerCase());
  }
  if (t === null || receivers.size < MANY_RECEIVERS) return [];
  return [
    sign("mass-mail", {
      t,
      what: `mailed ${receivers.size} people`,
      evidence: [...receivers].slice(0, 5).join(", "),
    }),
  ];
}

/** Runs of the sample's shell commands that log in elsewhere with the sample as what is copied. */
function logins(view: RunView): Sign[] {
  const name = view.samplePath.split("/").at(-1)!;
  const copies = view.events.filter(
    (event) =>
      event.what === "exec" &&
      /\/(scp|rsync|sftp)$/.test(event.path ?? "") &&
      (event.detail ?? "").includes(name),
  );
  if (copies.length === 0) return [];
  return [
    sign("spreads-by-ssh", {
      t: copies[0]!.t,
      what: `started ${plural(copies.length, "copy", "copies")} of itself to other machines`,
      evidence: `${copies[0]!.path} ${copies[0]!.detail}`,
    }),
  ];
}

/** Whether the project of this package lies in the user's home: then its publishing may be the user's work. */
function ownProject(view: RunView, published: PublishedPackage): boolean {
  const quoted = JSON.stringify(published.name);
  return view.world.files.some(
    (file) =>
      (/\/package\.json$/.test(file.path) &&
        !/\/node_modules\//.test(file.path) &&
        new RegExp(`"name"\\s*:\\s*${quoted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).test(
          Buffer.from(file.content).toString("utf8"),
        )) ||
      (/\/(pyproject\.toml|setup\.py|setup\.cfg)$/.test(file.path) &&
        Buffer.from(file.content).includes(published.name)),
  );
}

/** Lines of packed sources that stand neither in the version before nor in the user's projects. */
function foreignLines(view: RunView, layers: readonly Buffer[], old: readonly Buffer[]): Set<string> {
  const known = [
    ...old,
    ...view.world.files
      .filter((file) => file.path.startsWith(`${view.home}/`))
      .map((file) => Buffer.from(file.content)),
  ];
  const tar = layers.find((layer) => layer.subarray(257, 262).toString("latin1") === "ustar");
  const lines = (tar?.toString("latin1") ?? "")
    .split(/[\n\0]+/)
    .filter((line) => line.trim().length >= 24 && !line.startsWith("package/"));
  return new Set(
    lines.slice(0, 400).filter((line) => !known.some((each) => each.includes(line.trim(), 0, "latin1"))),
  );
}

function publishing(view: RunView): Sign[] {
  const found: Sign[] = [];
  const probes = probesOf(view.input.sample.bytes, 8);
  const strangers: PublishedPackage[] = [];
  const foreign = new Map<string, Set<string>>();
  for (const published of view.result.published) {
    const { t, name, version, before } = published;
    const label = `${name} ${version}`;
    const bytes = view.input.published?.get(published.file);
    const layers = bytes ? layersOf(bytes) : [];
    const offered = view.world.packages.find(
      (each) => each.name === name && (before === null || each.version === before),
    );
    const oldLayers = offered ? layersOf(offered.file.content) : [];
    const old = scriptsOf(oldLayers);
    for (const line of foreignLines(view, layers, oldLayers))
      foreign.set(line, new Set([...(foreign.get(line) ?? []), name]));
    const added = before === null ? [] : [...scriptsOf(layers)].filter((script) => !old.has(script));
    const evidence = `${published.accepted ? "accepted" : "refused"} by the registry${published.token ? ", with the user's token" : ""}`;
    if (knownIn(probes, layers))
      found.push(
        sign("publishes-itself", {
          t,
          what: `published ${label}, which carries the sample itself`,
          evidence,
        }),
      );
    else if (added.length > 0)
      found.push(
        sign("publishes-itself", {
          t,
          what: `published ${label} with a script that runs at its install, which ${before} had not`,
          evidence: `${evidence}; ${added[0]}`,
        }),
      );
    else if (ownProject(view, published))
      found.push(
        sign("published-own", { t, what: `published ${label}, the project in the user's home`, evidence }),
      );
    else {
      strangers.push(published);
      found.push(sign("published", { t, what: `published ${label}`, evidence }));
    }
  }
  const shared = [...foreign].find(([, names]) => names.size >= 2);
  if (shared && !found.some((each) => each.id === "publishes-itself"))
    found.push(
      sign("publishes-itself", {
        t: view.result.published[0]!.t,
        what: `published ${plural(shared[1].size, "package")} that all carry the same foreign content`,
        evidence: `${[...shared[1]].slice(0, 5).join(", ")}: ${shared[0].trim().slice(0, 200)}`,
      }),
    );
  const several = new Set(strangers.filter(({ before }) => before !== null).map(({ name }) => name));
  if (several.size >= 2)
    found.push(
      sign("publishes-itself", {
        t: strangers[0]!.t,
        what: `published new versions of ${several.size} packages that were there before`,
        evidence: [...several].slice(0, 5).join(", "),
      }),
    );
  return found;
}

export const spreading: Detector = (view) => [
  ...sentItself(view),
  ...mails(view),
  ...logins(view),
  ...publishing(view),
];
