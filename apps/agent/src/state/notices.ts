/** What a person should know about this machine now: part of its health, gone once it is no longer true. */
export class Notices {
  readonly #said = new Map<string, string>();
  readonly #sources: (() => Promise<readonly string[]>)[] = [];

  /** Says something under a name of its own, or with null takes it back. */
  set(name: string, what: string | null): void {
    if (what === null) this.#said.delete(name);
    else this.#said.set(name, what);
  }

  /** For what is true by the database: asked each time. */
  from(source: () => Promise<readonly string[]>): void {
    this.#sources.push(source);
  }

  /** At most 64, each at most 1,024 characters, as the message to the server takes. */
  async list(): Promise<string[]> {
    const asked = await Promise.all(this.#sources.map((source) => source()));
    return [...this.#said.values(), ...asked.flat()].slice(0, 64).map((what) => what.slice(0, 1024));
  }
}
