export * from "./hostile.ts";
export { type RepositoryServer, serveRepository } from "./serve.ts";
