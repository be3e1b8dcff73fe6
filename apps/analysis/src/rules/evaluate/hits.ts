/** Which files each rule hits. */
export class Hits {
  readonly #paths = new Map<string, Set<string>>();

  constructor(hits: readonly { readonly namespace: string; readonly rule: string; readonly path: string }[]) {
    for (const { namespace, rule, path } of hits) {
      const key = `${namespace}/${rule}`;
      const set = this.#paths.get(key);
      if (set) set.add(path);
      else this.#paths.set(key, new Set([path]));
    }
  }

  of(namespace: string, rule: string): ReadonlySet<string> {
    return this.#paths.get(`${namespace}/${rule}`) ?? new Set();
  }
}
