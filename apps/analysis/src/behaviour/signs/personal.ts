/** Files of the user that leave the machine. */
import { entropy } from "../../infection/bytes.ts";
import { knownIn, probesOf } from "../content/probes.ts";
import { type Outward, type RunView, readPath } from "../view.ts";
import { isRegistry, setUpByUser } from "./hosts.ts";
import { type Detector, plural, type Sign, short, sign } from "./sign.ts";

/** What nobody gives away by accident. */
const intimate =
  /_history$|\/(\.mozilla|chromium|google-chrome|\.thunderbird|Mail|\.mail|mail|contacts|addressbook|abook)(\/|$)|\.(vcf|kdbx|mbox|eml)$/i;
/** Files that go somewhere in the ordinary course of work. */
const ordinary =
  /\/(node_modules|\.git|\.npm|\.cache)\/|\/(package(-lock)?\.json|README(\.md)?|LICENSE|setup\.py|pyproject\.toml)$/;
const FEW = 3;
const MANY_READ = 20;
/** Bytes of dense data that are no ordinary report; far fewer where credentials of several kinds were read before. */
const [MUCH, ENOUGH_FOR_SECRETS] = [64 << 10, 600];

/** Contents of the user's own files before the run, secrets with needles left to the proof of theft. */
function personalFiles(view: RunView): [string, Uint8Array][] {
  const honey = new Set(view.world.honey.map((each) => each.path));
  const files = view.world.files
    .filter(({ path, root }) => !root && path.startsWith(`${view.home}/`) && !honey.has(path))
    .map(({ path, content }): [string, Uint8Array] => [path, content]);
  return [...files, ...(view.input.originals ?? [])].filter(([path]) => !ordinary.test(path));
}

/** What may hold something of the user's, together for one server. */
function byHost(view: RunView): Map<string, Outward[]> {
  const hosts = new Map<string, Outward[]>();
  for (const outward of view.outward) {
    if (outward.exchange.sent.length < 40) continue;
    // The labels of names asked for, one below the other, are one message.
    const host =
      outward.exchange.protocol === "dns" ? outward.host.split(".").slice(-2).join(".") : outward.host;
    hosts.set(host, [...(hosts.get(host) ?? []), outward]);
  }
  return hosts;
}

export const personal: Detector = (view) => {
  const found: Sign[] = [];
  const files = personalFiles(view).map(([path, content]) => ({ path, probes: probesOf(content) }));
  for (const [host, exchanges] of byHost(view)) {
    const layers = exchanges.flatMap((each) => each.layers);
    const left = files.filter(({ probes }) => knownIn(probes, layers)).map(({ path }) => path);
    const { t, protocol } = exchanges[0]!.exchange;
    const evidence = `${plural(exchanges.length, "exchange")} (${protocol}): ${left
      .slice(0, 4)
      .map((path) => short(path, view.home))
      .join(", ")}`;
    const consent = setUpByUser(view, host);
    if (left.length > 0 && consent !== null)
      found.push(
        sign("personal-sent-home", {
          t,
          what: `sent ${plural(left.length, "file")} to ${host}, the server that ${short(consent, view.home)} names`,
          evidence,
        }),
      );
    else if (left.length >= FEW || left.some((path) => intimate.test(path)))
      found.push(
        sign("personal-sent", {
          t,
          what: `sent ${plural(left.length, "file")} of the user to ${host}`,
          evidence,
        }),
      );
    else if (left.length > 0)
      found.push(
        sign("personal-sent", {
          t,
          what: `sent ${plural(left.length, "file")} of the user to ${host}`,
          evidence,
          weight: "suspicious",
        }),
      );
    const sent = exchanges.reduce((sum, each) => sum + each.exchange.bytesOut, 0);
    const kinds = new Set(
      view.input.thefts
        .filter((theft) => theft.how === "read" && theft.t <= t)
        .map((theft) => theft.credential),
    );
    const bar = kinds.size >= FEW ? ENOUGH_FOR_SECRETS : MUCH;
    const densest = Math.max(...exchanges.map((each) => entropy(each.exchange.sent)));
    if (left.length === 0 && consent === null && !isRegistry(host) && sent >= bar && densest > 5.8)
      found.push(
        sign("archive-sent", {
          t,
          what: `sent ${Math.round(sent / 1024)} KiB of packed or encoded data to ${host}`,
          evidence: `${plural(exchanges.length, "exchange")}, ${densest.toFixed(1)} bits a byte`,
        }),
      );
  }
  const read = new Set(
    view.events.flatMap((event) => (files.some(({ path }) => path === readPath(event)) ? [event.path!] : [])),
  );
  if (read.size >= MANY_READ)
    found.push(
      sign("reads-much", {
        t: view.events.find((event) => event.path && read.has(event.path))!.t,
        what: `read ${read.size} files of the user`,
        evidence: [...read]
          .slice(0, 4)
          .map((path) => short(path, view.home))
          .join(", "),
      }),
    );
  return found;
};
