export { isAr } from "./archives/ar.ts";
export { Budget, type OpenLimits, openLimits, scanLimits } from "./archives/budget.ts";
export { type ArchiveEntry, type ArchiveReader, Unreadable } from "./archives/entry.ts";
export { closedArchive, readerFor } from "./archives/reader.ts";
export { isRpm, type RpmTexts, readRpm } from "./archives/rpm.ts";
export {
  type BundleRule,
  BundleScope,
  bundleOf,
  bundleSources,
  createBundle,
  type RuleBundle,
} from "./bundle/bundle.ts";
export { hexRuns } from "./bundle/hex-runs.ts";
export { type Layer, missingLayers } from "./confined/layers.ts";
export { memoryFile } from "./confined/memory-file.ts";
export { probeConfinement } from "./confined/probe.ts";
export { loadRuleSetConfined } from "./confined/rule-set.ts";
export { canConfine } from "./confined/start.ts";
export { compileCached } from "./engine/cache.ts";
export {
  type CompiledRules,
  type CompileOptions,
  DEFAULT_SCAN_TIMEOUT_MS,
  MAX_REPORTED_MATCHES,
  type RuleEngine,
  type RuleMatch,
  type RuleSource,
} from "./engine/engine.ts";
export { loadEngine } from "./engine/load.ts";
export { IDENTIFY_BYTES, identifyFile } from "./identify/identify.ts";
export { loadRuleSet, type RuleSet } from "./rule-sets/load.ts";
export { Gates } from "./scan/gates.ts";
export {
  DEFAULT_MAX_FILE_BYTES,
  type ScanHit,
  type ScanListener,
  ScanPool,
  type ScanPoolOptions,
} from "./scan/pool.ts";
export type { ScanTarget, SkipReason } from "./scan/protocol.ts";
export { FileReader, openQuietly, type ReadResult } from "./scan/reader.ts";
export { BundleScanner, type ScopedMatch, scanFile } from "./scan/scan-file.ts";
export { type ScanPathsOptions, scanPaths } from "./scan/scan-paths.ts";
export { type WalkListener, walkFiles } from "./scan/walk.ts";
