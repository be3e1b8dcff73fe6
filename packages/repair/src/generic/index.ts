export { fingerprintOf } from "./fingerprint.ts";
export { type Rebuilt, rebuild } from "./rebuild.ts";
