import type { FileType } from "@thymus/contracts";
import { type CodePattern, codePatternsOf } from "./code.ts";
import { type Density, densityOf } from "./entropy.ts";
import { stringsOf, type Text } from "./strings.ts";
import { type Structure, structureOf } from "./structure.ts";
import { windowsOf } from "./windows.ts";

/** What can be told of a file by its bytes alone. Parts are worked out when they are first asked for. */
export interface FeatureSet {
  readonly type: FileType;
  readonly size: number;
  /** Printable strings by line, to the offset of their first occurrence. */
  readonly strings: ReadonlyMap<Text, number>;
  /** Sampled byte windows of {@link WINDOW} bytes: hash to offset. */
  readonly windows: ReadonlyMap<number, number>;
  /** Sequences of instructions with their addresses masked, to their offset; x86 only. */
  readonly code: ReadonlyMap<CodePattern, number>;
  /** Null where it is no ELF file. */
  readonly structure: Structure | null;
  readonly density: Density;
}

/** Never throws, whatever the bytes are. */
export function featuresOf(sample: { readonly bytes: Uint8Array; readonly type: FileType }): FeatureSet {
  const { bytes, type } = sample;
  const once = <T>(make: () => T): (() => T) => {
    let made: { value: T } | undefined;
    return () => {
      made ??= { value: make() };
      return made.value;
    };
  };
  const strings = once(() => stringsOf(bytes));
  const windows = once(() => windowsOf(bytes));
  const structure = once(() => structureOf(bytes));
  const code = once(() => {
    const built = structure();
    return built === null ? new Map<CodePattern, number>() : codePatternsOf(bytes, built);
  });
  const density = once(() => densityOf(bytes));
  return {
    type,
    size: bytes.length,
    get strings() {
      return strings();
    },
    get windows() {
      return windows();
    },
    get code() {
      return code();
    },
    get structure() {
      return structure();
    },
    get density() {
      return density();
    },
  };
}
