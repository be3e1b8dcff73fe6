export * from "./queue.ts";
export * from "./schema.ts";
