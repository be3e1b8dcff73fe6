import { readFile } from "node:fs/promises";
import { ThymusError } from "@thymus/contracts";
import { runTool } from "./tool.ts";

/** One apt source of the distribution itself. */
export interface Source {
  readonly uri: string;
  readonly release: string;
  readonly components: readonly string[];
}

/**
 * Keeps what is the distribution's own among the lines `URI|RELEASE|COMPONENT|ORIGIN` of apt-get indextargets: the
 * release, its updates and its security fixes. Third parties' archives never reach the guest.
 */
export function ownSources(lines: string, codename: string): Source[] {
  const own = new Map<string, { uri: string; release: string; components: Set<string> }>();
  const releases = [codename, `${codename}-updates`, `${codename}-security`, `${codename}/updates`];
  for (const line of lines.split("\n")) {
    const [uri, release, component, origin] = line.trim().split("|");
    if (!uri || !release || !component || !releases.includes(release)) continue;
    if (!/^(main|universe)$/.test(component)) continue;
    if (origin && !origin.startsWith("$(") && !/^(Debian|Ubuntu)/i.test(origin)) continue;
    const key = `${uri} ${release}`;
    const source = own.get(key) ?? { uri, release, components: new Set() };
    source.components.add(component);
    own.set(key, source);
  }
  return [...own.values()].map((source) => ({ ...source, components: [...source.components].sort() }));
}

/** `narrow` takes 32-bit packages from the release only: mirrors at times lack them among the updates. */
export function sourcesList(sources: readonly Source[], codename: string, narrow: boolean): string {
  const lines = sources.map((source) => {
    const only = narrow && source.release !== codename ? "[arch=amd64] " : "";
    return `deb ${only}${source.uri} ${source.release} ${source.components.join(" ")}`;
  });
  return `${lines.join("\n")}\n`;
}

/** @throws ThymusError TOOL_FAILED where this is no Debian or Ubuntu with apt sources of its own */
export async function hostSources(): Promise<{ codename: string; sources: Source[] }> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(release)?.[1] ?? "";
  const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)";
  const lines = await runTool("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const sources = ownSources(lines.toString("utf8"), codename);
  if (!codename || !sources.some((source) => source.release === codename))
    throw new ThymusError(
      "TOOL_FAILED",
      "this machine has no apt sources of a Debian or Ubuntu release",
      "a chamber is built from the distribution's packages: build it on Debian or Ubuntu and copy the chamber folder",
    );
  return { codename, sources };
}
