export { type Planned, planSample } from "./plan.ts";
export { variationsFor } from "./variations.ts";
