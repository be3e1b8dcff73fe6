import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { runTool } from "./tool.ts";

/**
 * Packs a tar archive of a root file system as squashfs, and compares what was packed with the archive, file by file.
 * lz4: twice the size of zstd, but unpacked several times faster by an emulated processor.
 * @throws ThymusError TOOL_MISSING, TOOL_FAILED, INTERRUPTED
 */
export async function packRoot(
  tar: string,
  destination: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let wrong: string[] = [];
  for (let attempt = 0; attempt < PACK_ATTEMPTS; attempt++) {
    await rm(destination, { force: true });
    await runTool("sh", ["-c", PACK, "pack", tar, destination], { signal });
    wrong = await differences(tar, destination, signal);
    if (wrong.length === 0) return;
  }
  throw new ThymusError(
    "TOOL_FAILED",
    `sqfstar packed ${wrong.length} files wrongly: ${wrong[0]}`,
    "check this machine's memory and disk, then run it again",
  );
}

const PACK_ATTEMPTS = 3;

/** With several processors, and while it looks for duplicates, sqfstar has raced with itself and written blocks that nobody can read. */
const PACK = 'exec sqfstar -comp lz4 -no-progress -no-duplicates -processors 1 "$2" <"$1"';

/** Files whose content is not what the archive says, as tar words it. Owners and modes may differ where an ordinary user unpacks. */
export async function differences(
  tar: string,
  image: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const folder = await mkdtemp(join(dirname(image), "compare-"));
  try {
    const root = join(folder, "root");
    const output = await runTool("sh", ["-c", COMPARE, "compare", tar, image, root], { signal });
    return output
      .toString("utf8")
      .split("\n")
      .filter((line) =>
        /: (Contents|Size|File type|Symlink) differ|No such file|uncompress|FATAL/.test(line),
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const COMPARE = `unsquashfs -q -n -no-xattrs -d "$3" "$2" 2>&1; LC_ALL=C tar --compare --file "$1" --directory "$3" 2>&1; true`;
