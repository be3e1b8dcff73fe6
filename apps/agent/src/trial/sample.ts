import type { PackageManager } from "../packages/manager.ts";

type Vouched = [path: string, md5: string[]];

/** Programs, and others, that are named for one trial; how many of them are read is bounded by their bytes. */
const PROGRAMS = 1200;
const OTHERS = 300;
const program = /\/(s?bin|libexec|games)\/|\.so(\.[\d.]+)?$|\.(sh|py|pl|pm|js|mjs|cjs|php)$/;

/** A sample of the programs that this machine's packages brought, drawn anew whenever packages changed. */
export class VouchedSample {
  readonly #packages: PackageManager;
  #stamp: string | null = null;
  #drawn: Vouched[] = [];

  constructor(packages: PackageManager) {
    this.#packages = packages;
  }

  async draw(): Promise<Vouched[]> {
    const stamp = await this.#packages.stamp();
    if (stamp === this.#stamp) return this.#drawn;
    const all = [...(await this.#packages.contents())];
    const programs = all.filter(([path]) => program.test(path));
    const others = all.filter(([path]) => !program.test(path));
    this.#drawn = [...some(programs, PROGRAMS), ...some(others, OTHERS)];
    this.#stamp = stamp;
    return this.#drawn;
  }
}

function some<T>(all: T[], most: number): T[] {
  for (let place = 0; place < Math.min(most, all.length); place++) {
    const other = place + Math.floor(Math.random() * (all.length - place));
    [all[place], all[other]] = [all[other]!, all[place]!];
  }
  return all.slice(0, most);
}
