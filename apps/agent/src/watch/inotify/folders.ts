import { closeDescriptor, readSome } from "../calls.ts";
import { FolderSource, type Marker } from "../folder-source.ts";
import type { Territory } from "../territory.ts";
import { addWatch, openInotify, removeWatch } from "./calls.ts";
import * as in_ from "./events.ts";

/** Events by inotify(7), which needs no rights, tells no writer, and has a bounded queue. */
export function inotifySource(territory: Territory): FolderSource<number> {
  const fd = openInotify();
  const buffer = Buffer.alloc(256 * 1024);
  const marker: Marker<number> = {
    kind: "inotify",
    fd,
    mark: (path) => addWatch(fd, path, in_.MASK),
    unmark: (wd) => removeWatch(fd, wd),
    read(on) {
      const length = readSome(fd, buffer);
      for (const { wd, mask, name } of in_.inotifyEvents(buffer.subarray(0, length))) {
        if (mask & in_.OVERFLOW) on.overflow();
        else if (mask & in_.IGNORED) on.forgotten(wd);
        else
          on.event({
            key: wd,
            name,
            folder: (mask & in_.ISDIR) !== 0,
            came: (mask & (in_.CREATE | in_.MOVED_TO)) !== 0,
            gone: (mask & in_.DELETE) !== 0,
            left: (mask & in_.MOVED_FROM) !== 0,
            finished: (mask & (in_.CLOSE_WRITE | in_.MOVED_TO)) !== 0,
            pid: 0,
          });
      }
      return length > 0;
    },
    close: () => closeDescriptor(fd),
  };
  return new FolderSource(marker, territory);
}
