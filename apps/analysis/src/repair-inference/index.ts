export { inferRepairs, type RepairInference } from "./infer.ts";
