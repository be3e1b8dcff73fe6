export * from "./burn-rate.ts";
export * from "./wilson.ts";
