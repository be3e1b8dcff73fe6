/** Finds kernel modules and what they depend on, by what each module says of itself (its .modinfo section). */

/** Name of the module in a file path: `a/virtio_blk.ko.xz` is `virtio_blk`. Dash and underscore are the same. */
export function moduleName(path: string): string | null {
  return /([^/]+)\.ko(\.xz|\.zst|\.gz)?$/.exec(path)?.[1]?.replaceAll("-", "_") ?? null;
}

/** Names after `depends=` in a module's bytes. */
export function moduleDepends(module: Uint8Array): string[] {
  const bytes = Buffer.from(module.buffer, module.byteOffset, module.byteLength);
  const mark = Buffer.from("\0depends=");
  const at = bytes.indexOf(mark);
  if (at < 0) return [];
  const end = bytes.indexOf(0, at + mark.length);
  const text = bytes.toString("latin1", at + mark.length, end);
  return text
    .split(",")
    .filter(Boolean)
    .map((name) => name.replaceAll("-", "_"));
}

/**
 * The wanted modules with all dependencies, each after what it depends on. A name without a file is built into the
 * kernel.
 */
export async function resolveModules(
  wanted: readonly string[],
  read: (name: string) => Promise<Uint8Array | null>,
): Promise<{ name: string; content: Uint8Array }[]> {
  const done = new Set<string>();
  const order: { name: string; content: Uint8Array }[] = [];
  const visit = async (name: string): Promise<void> => {
    if (done.has(name)) return;
    done.add(name);
    const content = await read(name);
    if (!content) return;
    for (const needed of moduleDepends(content)) await visit(needed);
    order.push({ name, content });
  };
  for (const name of wanted) await visit(name);
  return order;
}
