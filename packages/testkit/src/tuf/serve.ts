import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface RepositoryServer {
  /** Address of the repository, with a slash at its end. */
  readonly url: string;
  /** Folder that is served; may be changed at any time. */
  folder: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** A path with this end is answered by bytes without end. */
  endless: string | null;
  /** A path with this end is never answered; `onHeld` hears of it. */
  held: string | null;
  onHeld: () => void;
  /** Status instead of any file, e.g. 503. */
  broken: number | null;
  close(): Promise<void>;
}

/** Serves a repository's folder on loopback, with the misbehaviour that is set. */
export async function serveRepository(folder: string): Promise<RepositoryServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    state.requests.push(path);
    if (state.held !== null && path.endsWith(state.held)) return state.onHeld();
    if (state.broken !== null) return response.writeHead(state.broken).end();
    if (state.endless !== null && path.endsWith(state.endless)) {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024, 32)));
      };
      response.on("drain", more);
      return more();
    }
    const content = await readFile(join(state.folder, path)).catch(() => null);
    response.writeHead(content === null ? 404 : 200).end(content ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: RepositoryServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    folder,
    requests: [],
    endless: null,
    held: null,
    onHeld: () => {},
    broken: null,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}
