import { FolderSource, type Marker } from "../folder-source.ts";
import type { Territory } from "../territory.ts";
import { ON_CHILD, OVERFLOW } from "./abi.ts";
import { fsidOf, handleOf } from "./calls.ts";
import type { Entry } from "./events.ts";
import { Group, saidOf } from "./group.ts";

const keyOf = (entry: Entry): string => entry.fsid + entry.handle;

/**
 * Events by fanotify(7) with one mark for each folder: for file systems whose handles can be compared, but not opened
 * (overlays of containers), and for whoever may not open them.
 */
export function fanotifyFolderSource(territory: Territory): FolderSource<string> {
  const group = new Group();
  const marker: Marker<string> = {
    kind: "fanotify",
    fd: group.fd,
    mark(path) {
      group.add(path, 0, ON_CHILD);
      return fsidOf(path) + handleOf(path);
    },
    // By its path another folder might be meant; events of one that is in no tree are passed over.
    unmark: () => {},
    read: (on) =>
      group.read(({ mask, pid, entry, from }) => {
        if (mask & OVERFLOW) {
          on.overflow();
          return;
        }
        const said = saidOf(mask);
        if (from)
          on.event({
            ...said,
            key: keyOf(from),
            name: from.name,
            pid,
            left: true,
            came: false,
            finished: false,
          });
        if (entry) on.event({ ...said, key: keyOf(entry), name: entry.name, pid });
      }),
    close: () => group.close(),
  };
  return new FolderSource(marker, territory);
}
