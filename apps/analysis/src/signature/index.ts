export { type DerivedRule, type DeriveOptions, deriveRule, type NoRule } from "./derive.ts";
export { instrumentation } from "./instrumentation.ts";
export type { Self } from "./self.ts";
