import { fileURLToPath } from "node:url";

/** Folder of the page's files, for the admin server to serve. */
export const consoleDir: string = fileURLToPath(new URL("../public", import.meta.url));
