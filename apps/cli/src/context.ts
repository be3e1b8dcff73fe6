/** What every verb shares: data folder, configuration, how to speak. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Config, parseDocument, ThymusError } from "@thymus/contracts";
import { parse as parseToml } from "smol-toml";

export interface GlobalOptions {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export interface Context {
  readonly dataDir: string;
  readonly chamberDir: string;
  readonly corpusDir: string;
  /** Where `config` was read from; null where there is no such file. */
  readonly configFile: string | null;
  readonly config: Config;
  readonly json: boolean;
}

/** /var/lib/thymus as root, else the XDG data folder. */
export function defaultDataDir(): string {
  if (process.getuid?.() === 0) return "/var/lib/thymus";
  return join(process.env.XDG_DATA_HOME || join(homedir(), ".local/share"), "thymus");
}

/** @throws ThymusError CONFIG_INVALID that names file and place */
export function loadConfig(file: string | null): Config {
  if (file === null) return Config.parse({});
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ThymusError(
      "CONFIG_INVALID",
      `${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      "check --config",
      { cause },
    );
  }
  let value: unknown;
  try {
    value = parseToml(text);
  } catch (cause) {
    throw new ThymusError(
      "CONFIG_INVALID",
      `${file} is not TOML: ${(cause as Error).message.split("\n")[0]} in line ${(cause as { line?: number }).line ?? "?"}`,
      "correct that line",
      {
        cause,
      },
    );
  }
  return parseDocument(Config, value, file, "CONFIG_INVALID");
}

export function makeContext(options: GlobalOptions): Context {
  const dataDir = resolve(options.data ?? defaultDataDir());
  const own = join(dataDir, "thymus.toml");
  const configFile = options.config ? resolve(options.config) : existsSync(own) ? own : null;
  return {
    dataDir,
    // Images and self may be shared by several data folders of one machine.
    chamberDir: process.env.THYMUS_CHAMBER_DIR ?? join(dataDir, "chamber"),
    corpusDir: process.env.THYMUS_CORPUS_DIR ?? join(dataDir, "corpus"),
    configFile,
    config: loadConfig(configFile),
    json: options.json === true,
  };
}
