import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measured, type Run } from "./run.ts";

const main = join(import.meta.dirname, "../../apps/cli/src/main.ts");

/** One of the two tools over one tree. */
export interface Side {
  readonly name: string;
  create(): Promise<Run>;
  checkMetadata(): Promise<Run>;
  checkContent(): Promise<Run>;
  /** Bytes on disk of what it keeps. */
  size(): number;
}

function ended({ status, output, ...run }: Run, allowed: readonly number[], what: string): Run {
  if (status === null || !allowed.includes(status))
    throw new Error(`${what} ended with status ${status}: ${output.slice(-2000)}`);
  return { status, output, ...run };
}

export function thymus(folder: string, tree: string): Side {
  const data = join(folder, "thymus-data");
  const verb = async (...args: string[]) =>
    ended(
      await measured(process.execPath, [main, "baseline", ...args, tree, "--data", data, "--json"]),
      [0],
      "thymus",
    );
  return {
    name: "thymus",
    create() {
      rmSync(data, { recursive: true, force: true });
      return verb("create");
    },
    checkMetadata: () => verb("check"),
    checkContent: () => verb("check", "--content"),
    size: () => statSync(join(data, "agent", "agent.db")).size,
  };
}

/** The same metadata, SHA-256, and as many threads as there are processors; no ACLs, xattrs or compression, which cost it more. */
const METADATA = "p+ftype+i+u+g+s+m+c";

export function aide(folder: string, tree: string, threads: number): Side {
  const config = (name: string, attributes: string) => {
    const file = join(folder, `aide-${name}.conf`);
    const database = join(folder, `aide-${name}.db`);
    writeFileSync(
      file,
      [
        `database_in=file:${database}`,
        `database_out=file:${database}`,
        "gzip_dbout=no",
        `num_workers=${threads}`,
        "log_level=error",
        "report_url=stdout",
        `${tree} ${attributes}`,
        "",
      ].join("\n"),
    );
    return { file, database };
  };
  const whole = config("content", `${METADATA}+sha256`);
  const light = config("metadata", METADATA);
  const run = async (file: string, how: string) =>
    ended(await measured("aide", [`--config=${file}`, how]), [0], "aide");
  let lightMade = false;
  return {
    name: "aide",
    create: () => run(whole.file, "--init"),
    async checkMetadata() {
      if (!lightMade) await run(light.file, "--init");
      lightMade = true;
      return run(light.file, "--check");
    },
    checkContent: () => run(whole.file, "--check"),
    size: () => statSync(whole.database).size,
  };
}
