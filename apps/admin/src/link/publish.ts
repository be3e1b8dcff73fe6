import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Prescription, type PublishFiles, ThymusError } from "@thymus/contracts";
import { failpoint, writeFileAtomic } from "@thymus/store";
import { rememberPublished } from "../rollout/prescriptions.ts";
import type { State } from "../state/state.ts";

/** Parts of a path that may be written: no dot file, no way up. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}$/;

/**
 * The TUF repository as static files. The server signs nothing and vouches for nothing: whoever reads it verifies it.
 */
export class Repository {
  readonly folder: string;
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Writes files in the given order, each atomically, so that a reader at any moment sees a whole repository. One
   * publication at a time. Repeatable.
   * @throws ThymusError DOCUMENT_INVALID for a path that leaves the folder
   */
  publish(state: State, message: PublishFiles): Promise<void> {
    const work = this.#last.then(() => this.#write(state, message));
    this.#last = work.catch(() => {});
    return work;
  }

  async #write(state: State, message: PublishFiles): Promise<void> {
    const files = message.files.map((file) => ({
      path: this.#place(file.path),
      content: Buffer.from(file.content, "base64url"),
    }));
    for (const { path, content } of files) refuseSelfReplacing(path, content);
    for (const { path, content } of files) {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeFileAtomic(path, content, 0o644);
      await failpoint("admin.publish.file");
    }
    const documents = files.flatMap(({ path, content }) => prescriptionsIn(path, content));
    await state.change(async (change) => {
      for (const document of documents) await rememberPublished(change, document);
    });
    await failpoint("admin.publish.stored");
  }

  #place(path: string): string {
    if (path.split("/").every((segment) => SEGMENT.test(segment))) return join(this.folder, path);
    throw new ThymusError("DOCUMENT_INVALID", `cannot publish at ${path}`, "use a plain relative path");
  }
}

/**
 * Other documents that cannot be read are passed on: a newer centre's are read by newer machines.
 * @throws ThymusError DOCUMENT_INVALID with the place
 */
function refuseSelfReplacing(path: string, content: Buffer): void {
  for (const candidate of documentsIn(path, content)) {
    const named = Prescription.safeParse(candidate).error?.issues.find(
      ({ path: at }) => at[0] === "replaces",
    );
    if (!named) continue;
    throw new ThymusError(
      "DOCUMENT_INVALID",
      `prescription ${(candidate as { id?: unknown }).id}: ${named.message} at ${named.path.join(".")}`,
      "report it to the analysis centre",
    );
  }
}

/** Prescriptions among the targets: for display only, agents read and verify the targets themselves. */
function prescriptionsIn(path: string, content: Buffer): Prescription[] {
  return documentsIn(path, content).flatMap((candidate) => {
    const parsed = Prescription.safeParse(candidate);
    return parsed.success ? [parsed.data] : [];
  });
}

function documentsIn(path: string, content: Buffer): unknown[] {
  if (!path.endsWith(".json")) return [];
  try {
    const value = JSON.parse(content.toString("utf8"));
    const several = (value as { prescriptions?: unknown } | null)?.prescriptions ?? value;
    return Array.isArray(several) ? several : [several];
  } catch {
    return [];
  }
}
