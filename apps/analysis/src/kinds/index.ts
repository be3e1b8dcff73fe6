export { type OpenLimits, openLimits } from "./budget.ts";
export { type Planned, planSample } from "./plan.ts";
export { variationsFor } from "./variations.ts";
