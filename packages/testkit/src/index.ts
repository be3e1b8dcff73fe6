export * from "./needs.ts";
