export { type DerivedRule, type DeriveOptions, deriveRule, type NoRule } from "./derive.ts";
export type { Self } from "./self.ts";
