export { type EvaluateOptions, evaluateRules } from "./evaluate/evaluate.ts";
