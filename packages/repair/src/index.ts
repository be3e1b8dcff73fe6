export { applyRepair, identify, repairWith, type TypeOf } from "./apply.ts";
export { elfFault, isElf } from "./elf.ts";
export { evaluateNumber, evaluatePosition, readInteger, type Subject } from "./evaluate.ts";
export { findAnchor, findPattern, matchesAt, type Pattern, parsePattern } from "./pattern.ts";
