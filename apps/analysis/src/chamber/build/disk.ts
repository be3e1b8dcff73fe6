import { open, truncate } from "node:fs/promises";

/** An empty disk of the given size that takes no space. */
export async function sparseFile(path: string, size: number): Promise<void> {
  await (await open(path, "wx", 0o600)).close();
  await truncate(path, size);
}
