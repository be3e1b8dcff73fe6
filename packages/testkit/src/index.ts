export * from "./drills/drills.ts";
export * from "./needs.ts";
