/** Files that are changed at the same time: what waits for the disk waits together. */
const AT_ONCE = 16;

/** Does some work for each, several at the same time. Where one throws, none is begun any more, and those that run end first. */
export async function severalAtOnce<T>(each: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const waiting = each[Symbol.iterator]();
  let failed: { readonly error: unknown } | null = null;
  const worker = async () => {
    for (let next = waiting.next(); !next.done && !failed; next = waiting.next())
      await work(next.value).catch((error) => {
        failed ??= { error };
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failed) throw (failed as { readonly error: unknown }).error;
}
