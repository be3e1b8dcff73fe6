export { type BuildCorpusOptions, buildCorpus } from "./build.ts";
export { type Corpus, type OpenCorpusOptions, openCorpus } from "./corpus.ts";
export type { CorpusHit, CorpusScanOptions, CorpusScanResult } from "./scan.ts";
export { PACKAGE_MANAGER } from "./sources/collect.ts";
