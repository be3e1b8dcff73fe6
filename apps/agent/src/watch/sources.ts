import { FileSystemSource } from "./fanotify/file-system.ts";
import { fanotifyFolderSource } from "./fanotify/folders.ts";
import { inotifySource } from "./inotify/folders.ts";
import type { EventSource } from "./source.ts";
import type { Territory } from "./territory.ts";

export interface Chosen {
  readonly source: EventSource;
  /** Why not one that tells more. */
  readonly reason: string | null;
}

type Kind = "file systems" | "folders" | "inotify";

/** Opens each root by the source that tells most and that this machine allows; each source is made once, when it is needed. */
export class Sources {
  readonly #prefer: "auto" | "fanotify" | "inotify";
  readonly #makers: Readonly<Record<Kind, () => EventSource>>;
  readonly #made = new Map<Kind, EventSource>();

  constructor(
    prefer: "auto" | "fanotify" | "inotify",
    territory: Territory,
    topsOf: (root: string) => readonly string[],
  ) {
    this.#prefer = prefer;
    this.#makers = {
      "file systems": () => new FileSystemSource(territory, topsOf),
      folders: () => fanotifyFolderSource(territory),
      inotify: () => inotifySource(territory),
    };
  }

  get all(): EventSource[] {
    return [...this.#made.values()];
  }

  /** @throws Error where no source sees the root */
  open(root: string): Chosen {
    if (this.#prefer === "inotify") return { source: this.#try("inotify", root), reason: null };
    const reasons: string[] = [];
    for (const kind of ["file systems", "folders"] as const) {
      try {
        return { source: this.#try(kind, root), reason: kind === "folders" ? reasons.join("; ") : null };
      } catch (error) {
        const why = reasonOf(error as NodeJS.ErrnoException);
        if (!reasons.includes(why)) reasons.push(why);
      }
    }
    return { source: this.#try("inotify", root), reason: reasons.join("; ") };
  }

  #try(kind: Kind, root: string): EventSource {
    const source = this.#made.get(kind) ?? this.#makers[kind]();
    this.#made.set(kind, source);
    source.open(root);
    return source;
  }

  close(): void {
    for (const source of this.#made.values()) source.close();
    this.#made.clear();
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EPERM":
      return "no fanotify: this process lacks the right (CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH)";
    case "ENOSYS":
    case "EINVAL":
      return "no fanotify: the kernel is older than 5.9, or built without it";
    case "EOPNOTSUPP":
    case "ENOTSUP":
    case "EXDEV":
    case "ENODEV":
      return `no mark for the whole file system: it gives no file handles that can be opened (${error.code})`;
    default:
      return `no fanotify: ${error.message}`;
  }
}
