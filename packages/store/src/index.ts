export * from "./database.ts";
export * from "./failpoint.ts";
export * from "./files.ts";
export * from "./group-commit.ts";
export * from "./hold.ts";
export * from "./migrate.ts";
export * from "./sync-together.ts";
