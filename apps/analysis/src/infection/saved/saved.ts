/** One step of the way back from encoded bytes to clean ones, with the key of this file. */
export type Undo =
  | { readonly kind: "hex" | "reverse" }
  | { readonly kind: "base64"; readonly alphabet?: string }
  | { readonly kind: "xor"; readonly key: Uint8Array }
  | { readonly kind: "slide"; readonly by: "xor"; readonly key: number; readonly step: number }
  | { readonly kind: "chain"; readonly by: "xor" | "subtract"; readonly first: number; readonly plus: number }
  | { readonly kind: "rotate"; readonly bits: number }
  | { readonly kind: "swap"; readonly unit: 2 | 4 | 8 }
  /** `table[encoded]` is the clean byte. */
  | { readonly kind: "table"; readonly table: Uint8Array }
  | { readonly kind: "inflate"; readonly form: "raw" | "zlib" | "gzip" };

export type Encoding = "plain" | Undo["kind"] | `reverse+${string}`;

/** A place of the infected file that holds clean bytes, plain or encoded. */
export interface Saved {
  readonly at: number;
  /** Bytes that the encoded form takes. */
  readonly length: number;
  readonly encoding: Encoding;
  /** Steps in the order in which they are taken; none where the bytes are plain. */
  readonly undo: readonly Undo[];
}
