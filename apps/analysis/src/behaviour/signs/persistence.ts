/** How a program sees to it that something of it runs again. */
import type { RunView } from "../view.ts";
import { type Detector, type Sign, short, sign } from "./sign.ts";
import { newLines, startedBy } from "./start-command.ts";
import { startPlaceOf } from "./start-places.ts";

/** When a path was first written, by the trace; the start where the trace does not tell. */
export const writtenAt = (view: RunView, path: string): number =>
  view.events.find(
    (event) =>
      (event.what === "open-write" && event.path === path) ||
      (event.what === "rename" && event.detail === path),
  )?.t ?? 0;

function startSign(view: RunView, path: string): Sign | null {
  const place = startPlaceOf(path);
  if (!place) return null;
  // Whoever only takes lines away has nothing started.
  if (newLines(view, path)?.length === 0) return null;
  const started = startedBy(view, path);
  const t = writtenAt(view, path);
  const file = short(path, view.home);
  if (started.preload !== null)
    return sign("preload-planted", {
      t,
      what: `had its own library ${short(started.preload, view.home)} loaded into every program, in ${file}`,
      evidence: `${file}: ${started.what}`,
    });
  const id = {
    hidden: "starts-hidden",
    own: "starts-own-program",
    existing: "starts-again",
    unknown: "starts-own-program",
  }[started.kind] as "starts-hidden" | "starts-own-program" | "starts-again";
  const words = {
    hidden: "a hidden or downloaded program",
    own: "a program that it brought",
    existing: "something that was there already",
    unknown: "something",
  }[started.kind];
  return sign(id, {
    t,
    what: `had ${words} started ${place.words}, in ${file}`,
    evidence: `${file}: ${started.what}`,
    technique: place.technique,
  });
}

function keySign(view: RunView, path: string): Sign | null {
  if (!/\/\.ssh\/authorized_keys2?$/.test(path)) return null;
  const lines = newLines(view, path);
  const t = writtenAt(view, path);
  const blobs = (lines ?? []).flatMap((line) => /\bAAAA[A-Za-z0-9+/=]{20,}/.exec(line)?.[0] ?? []);
  const own = view.world.files
    .filter((file) => file.path.endsWith(".pub"))
    .map((file) => Buffer.from(file.content).toString("latin1"));
  const strange = blobs.find((blob) => !own.some((text) => text.includes(blob)));
  if (lines?.length === 0) return null;
  if (lines !== null && strange === undefined)
    return sign("own-key-added", {
      t,
      what: `wrote ${short(path, view.home)}, with no stranger's key`,
      evidence: `${lines.length} new lines`,
    });
  return sign("key-added", {
    t,
    what: `let a stranger's key log in, in ${short(path, view.home)}`,
    evidence: strange ? `key ${strange.slice(0, 40)}…` : `wrote ${path}`,
    ...(lines === null ? { weight: "suspicious" as const } : {}),
  });
}

/** Settings that make package managers fetch from somewhere else. */
function managerSign(view: RunView, path: string): Sign | null {
  if (!/\/(\.npmrc|pip\.conf|\.pip\/pip\.conf|\.yarnrc(\.yml)?|\.pypirc)$/.test(path)) return null;
  const line = newLines(view, path)?.find((each) =>
    /^\s*(@[\w-]+:)?(registry|index-url|extra-index-url|npmRegistryServer|proxy|https-proxy|ignore-scripts)\s*[:=]/.test(
      each,
    ),
  );
  if (line === undefined) return null;
  return sign("package-manager-set", {
    t: writtenAt(view, path),
    what: `told the package manager in ${short(path, view.home)} to fetch from elsewhere`,
    evidence: line.trim(),
  });
}

export const persistence: Detector = (view) => {
  const found: Sign[] = [];
  const told = new Set<string>();
  for (const { path } of view.result.dropped) {
    const seen = startSign(view, path) ?? keySign(view, path) ?? managerSign(view, path);
    if (seen) {
      told.add(path);
      found.push(seen);
    }
  }
  // What was tried in places where the sample may not write leaves no file: the trace alone tells.
  for (const event of view.events) {
    const target =
      event.what === "open-write" ? event.path : event.what === "rename" ? event.detail : undefined;
    if (target === undefined || told.has(target) || view.isSame(target)) continue;
    if (/^\/etc\/ld\.so\.preload/.test(target)) {
      told.add(target);
      found.push(
        sign("preload-planted", {
          t: event.t,
          what: "tried to have its own library loaded into every program, in /etc/ld.so.preload",
          evidence: `${event.comm} opened ${target} to write`,
        }),
      );
      continue;
    }
    const place = startPlaceOf(target);
    if (!place || view.result.dropped.some((file) => file.path === target)) continue;
    told.add(target);
    found.push(
      sign("starts-own-program", {
        t: event.t,
        what: `tried to have something started ${place.words}, in ${short(target, view.home)}`,
        evidence: `${event.comm} opened ${target} to write; nothing of it is left`,
        technique: place.technique,
      }),
    );
  }
  return found;
};
