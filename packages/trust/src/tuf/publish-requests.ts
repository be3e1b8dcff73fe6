import type { PublishFiles } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts";
import { MAX_LARGE_MESSAGE_BYTES } from "../link/limits.ts";
import type { PublishedFile } from "./repository.ts";

/** The contract's limit of files in one message. */
const MAX_FILES = 64;
/** Leaves room for names, envelope and seal. */
const MAX_CONTENT_CHARACTERS = MAX_LARGE_MESSAGE_BYTES - 256 * 1024;

/**
 * Files as messages to the admin server, in the same order: send them one after another.
 * @throws ThymusError TOO_LARGE where one file does not fit a message (just under 6 MiB)
 */
export function publishRequests(files: readonly PublishedFile[]): PublishFiles[] {
  const requests: PublishFiles[] = [];
  let room = 0;
  for (const { path, content } of files) {
    const text = Buffer.from(content).toString("base64url");
    if (text.length > MAX_CONTENT_CHARACTERS) {
      throw new ThymusError(
        "TOO_LARGE",
        `${path} is too large to be published`,
        "publish it in several targets",
      );
    }
    const last = requests.at(-1);
    if (last === undefined || last.files.length === MAX_FILES || text.length > room) {
      requests.push({ type: "publish", files: [{ path, content: text }] });
      room = MAX_CONTENT_CHARACTERS - text.length;
    } else {
      last.files.push({ path, content: text });
      room -= text.length;
    }
  }
  return requests;
}
