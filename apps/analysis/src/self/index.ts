export { type BuildCorpusOptions, buildCorpus } from "./build.ts";
export { type Corpus, type OpenCorpusOptions, openCorpus } from "./corpus.ts";
export { importList } from "./lists/import-list.ts";
export { readList } from "./lists/read-list.ts";
export { exportCorpus } from "./portable/export.ts";
export { importCorpus } from "./portable/import.ts";
export type { CorpusHit, CorpusScanOptions, CorpusScanResult } from "./scan.ts";
export { PACKAGE_MANAGER } from "./sources/collect.ts";
