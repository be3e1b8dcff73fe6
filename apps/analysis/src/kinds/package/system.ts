/** Packages of distributions: their files laid out, their scripts run as the package manager runs them. */

import type { RpmTexts } from "@thymus/detection";
import type { PlannedCommand, WorldFile } from "../../chamber/chamber.ts";
import { MAX_SYSTEM_PATH, systemPath } from "../../chamber/run/system-path.ts";
import type { Tree } from "../archive/tree.ts";
import { commandIn } from "./command.ts";

/** Files of a package where it wants them; those that the chamber itself stands on stay out, and are counted. */
export function systemFiles(tree: Tree): { files: WorldFile[]; kept: number } {
  const files: WorldFile[] = [];
  let kept = 0;
  for (const [path, { mode, content }] of tree.files) {
    const place = path.length <= MAX_SYSTEM_PATH ? systemPath(`/${path}`) : null;
    if (place === null) kept++;
    else files.push({ path: place, mode, root: true, content });
  }
  return { files, kept };
}

/** Maintainer scripts in the order of a first installation (Debian policy 6.5), where dpkg keeps them. */
export function debScripts(control: Tree): { files: WorldFile[]; commands: PlannedCommand[] } {
  const fields = Buffer.from(control.files.get("control")?.content.subarray(0, 65_536) ?? []).toString(
    "utf8",
  );
  const name = /^Package: *([a-z0-9][a-z0-9+.-]{0,100}) *\r?$/m.exec(fields)?.[1] ?? "package";
  const info = `/var/lib/dpkg/info/${name}`;
  const steps = [
    { script: "preinst", args: ["install"] },
    { script: "postinst", args: ["configure", ""] },
  ];
  return {
    files: [...control.files].flatMap(([script, { content }]) =>
      /^[a-z]{1,20}$/.test(script) && script !== "control"
        ? [{ path: `${info}.${script}`, mode: 0o755, root: true, content }]
        : [],
    ),
    commands: steps
      .filter(({ script }) => control.files.has(script))
      .map(({ script, args }) => ({
        ...commandIn("/", [`${info}.${script}`, ...args], {
          DPKG_MAINTSCRIPT_NAME: script,
          DPKG_MAINTSCRIPT_PACKAGE: name,
          DPKG_MAINTSCRIPT_ARCH: "amd64",
          DPKG_RUNNING_VERSION: "1.21.22",
          DEBIAN_FRONTEND: "noninteractive",
        }),
        asRoot: true,
      })),
  };
}

/** Scriptlets in the order of a first installation; rpm hands each the number of installed versions. */
export function rpmScripts(texts: RpmTexts): PlannedCommand[] {
  return (["pretrans", "pre", "post", "posttrans"] as const)
    .flatMap((step) => texts[step] ?? [])
    .filter((script) => script.trim() !== "" && script.length < 100_000)
    .map((script) => ({ ...commandIn("/", ["/bin/bash", "-c", script, "rpm", "1"]), asRoot: true }));
}
