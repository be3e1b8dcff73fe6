export { applyRepair, identify, type Outcome, type TypeOf } from "./apply.ts";
export { elfFault, isElf } from "./elf.ts";
export { evaluateNumber, evaluatePosition, lineStart, readInteger, type Subject } from "./evaluate.ts";
export * from "./generic/index.ts";
export * from "./package/index.ts";
export { findAnchor, findPattern, matchesAt, type Pattern, parsePattern } from "./pattern.ts";
export { isPackageRepair, repairWith } from "./repair-with.ts";
export * from "./script/index.ts";
