import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where apt keeps what, by its own configuration. */
export interface AptPlaces {
  readonly lists: string;
  readonly archives: string;
  /** Files and folders that name sources and keys. */
  readonly sources: readonly string[];
  readonly keyrings: readonly string[];
}

const WANTED = {
  LISTS: "Dir::State::lists/d",
  ARCHIVES: "Dir::Cache::archives/d",
  LIST: "Dir::Etc::sourcelist/f",
  PARTS: "Dir::Etc::sourceparts/d",
  TRUSTED: "Dir::Etc::trusted/f",
  TRUSTEDPARTS: "Dir::Etc::trustedparts/d",
} as const;

/** @param config file with further settings (APT_CONFIG), or null. @returns null where there is no apt */
export async function aptPlaces(config: string | null): Promise<AptPlaces | null> {
  const asked = Object.entries(WANTED).flat();
  const said = await run("apt-config", ["shell", ...asked], { env: aptEnvironment(config) }).catch(
    () => null,
  );
  if (!said) return null;
  const found = new Map(
    [...said.stdout.matchAll(/^([A-Z]+)='(.*)'$/gm)].map(([, key, value]) => [key, value]),
  );
  const at = (key: keyof typeof WANTED) => found.get(key) ?? "";
  if (at("LISTS") === "" || at("ARCHIVES") === "") return null;
  return {
    ...{ lists: at("LISTS"), archives: at("ARCHIVES") },
    sources: [at("LIST"), at("PARTS")],
    keyrings: [at("TRUSTED"), at("TRUSTEDPARTS")],
  };
}

export function aptEnvironment(config: string | null): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: "C", ...(config !== null && { APT_CONFIG: config }) };
}
