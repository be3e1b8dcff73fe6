import { uptime } from "node:os";
import type { TreeNews } from "./protocol.ts";
import { readStamp } from "./stamp.ts";

/** Milliseconds by which the two clocks may differ. */
const SLACK = 1000;

/** Tells what of a tree came or changed after its first baseline was begun: it is judged, not taken for granted. */
export class News {
  readonly #news: TreeNews;

  constructor(news: TreeNews) {
    this.#news = news;
  }

  /** A file that the agent makes and removes within a moment. */
  isOwnWork(name: string): boolean {
    return name.startsWith(this.#news.temporary);
  }

  /** @param path a byte string @param stamp of a file of which nothing is known */
  has(path: string, stamp: string): boolean {
    return this.#isLate(stamp) || this.#news.folders.some((folder) => path.startsWith(`${folder}/`));
  }

  /** Where the clock was wrong at the beginning and then set, every file of the tree looks late: how long ago that was decides, too. */
  #isLate(stamp: string): boolean {
    const { since, uptime: then } = this.#news;
    const changed = Number(readStamp(stamp).ctime_ns) / 1e6;
    return changed >= since && changed >= Date.now() - (uptime() - then) * 1000 - SLACK;
  }
}
