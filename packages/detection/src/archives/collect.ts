/** All bytes of a stream, or null where it has more than `limit`; the rest is still passed over then. */
export async function collect(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) parts.length = 0;
    else parts.push(chunk);
  }
  return size > limit ? null : Buffer.concat(parts);
}
