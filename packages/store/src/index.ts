export * from "./database.ts";
export * from "./failpoint.ts";
export * from "./files.ts";
export * from "./hold.ts";
export * from "./migrate.ts";
