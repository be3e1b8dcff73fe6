import { unescaped } from "../watch/mounts.ts";

/** One overlay as /proc/PID/mountinfo has it: its folders as they were named where it was mounted. */
export interface Overlay {
  /** Where it is seen, by whose mounts these are. */
  readonly point: string;
  /** What its container wrote; null where it is read-only. */
  readonly upper: string | null;
  /** What it stands on, topmost first. */
  readonly lower: readonly string[];
}

/** The overlays among some mounts (proc(5), and the kernel's filesystems/overlayfs). */
export function parseOverlays(mountinfo: string): Overlay[] {
  return mountinfo.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const dash = fields.indexOf("-");
    const point = fields[4];
    if (dash < 0 || point === undefined || fields[dash + 1] !== "overlay") return [];
    const lower: string[] = [];
    let upper: string | null = null;
    for (const option of optionsOf(unescaped(fields[dash + 3] ?? ""))) {
      const at = option.indexOf("=");
      const [name, value] = [option.slice(0, at), option.slice(at + 1)];
      if (name === "upperdir") upper = plain(value);
      // One for each layer where they were added one by one; `::` stands before layers of which only data is taken.
      else if (name === "lowerdir" || name === "lowerdir+" || name === "datadir+")
        lower.push(...(name === "lowerdir" ? partsOf(value, ":") : [value]).filter(Boolean).map(plain));
    }
    return [{ point: unescaped(point), upper, lower }];
  });
}

const optionsOf = (text: string): string[] => partsOf(text, ",");
/** A backslash stands before a separator that belongs to a name. */
const partsOf = (text: string, separator: string): string[] =>
  text.match(separator === "," ? /(?:\\.|[^,\\])+/gs : /(?:\\.|[^:\\])+/gs) ?? [];
const plain = (name: string): string => name.replace(/\\(.)/gs, "$1");
