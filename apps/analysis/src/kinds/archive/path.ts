/** Which names of members are taken, and where the content of an archive goes. */

const MAX_PATH = 1000;
const MAX_PART = 200;
const MAX_PARTS = 24;

/** A plain relative path, or why there is none. `./` and doubled or last slashes are no trick, and are left out. */
export function plainPath(name: string): { path: string } | { trick: string } {
  if (/^[/~]|^[A-Za-z]:/.test(name)) return { trick: "have an absolute path" };
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return { trick: "lead out of the archive" };
  if (parts.length === 0) return { trick: "have no name" };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x1f\x7f\ufffd]/.test(name)) return { trick: "have a name with control characters" };
  const path = parts.join("/");
  if (parts.length > MAX_PARTS || Buffer.byteLength(path) > MAX_PATH)
    return { trick: "have too long a path" };
  if (parts.some((part) => Buffer.byteLength(part) > MAX_PART)) return { trick: "have too long a name" };
  return { path };
}

/** Where a link that lies at `path` leads within the archive, or null where it leads out. */
export function linkTarget(path: string, target: string): string | null {
  if (target.startsWith("/")) return null;
  const parts = path.split("/").slice(0, -1);
  for (const part of target.split("/"))
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") parts.push(part);
  return parts.join("/");
}

const endings = /(\.tar)?\.(zip|tar|tgz|tbz2?|txz|tzst|gz|bz2|xz|zst|jar|war|deb|rpm|whl|ar|a)$/i;

/** What a person calls the folder into which an archive is opened. */
export function folderName(name: string): string {
  const plain = name.replace(endings, "");
  return plain === "" || plain === name ? `${name}_files` : plain;
}
