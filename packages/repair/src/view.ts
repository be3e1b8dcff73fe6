import type { View } from "@thymus/contracts";
import { matchesAt, type Pattern } from "./pattern.ts";

/** The bytes of a view, of which there are `lag` fewer; the bytes themselves where there is none. */
export function viewOf(view: View | undefined, bytes: Uint8Array): Uint8Array {
  if (view === undefined) return bytes;
  const { of, lag } = view;
  const result = new Uint8Array(Math.max(0, bytes.length - lag));
  if (of === "xor") for (let i = 0; i < result.length; i++) result[i] = bytes[i + lag]! ^ bytes[i]!;
  else for (let i = 0; i < result.length; i++) result[i] = bytes[i + lag]! - bytes[i]!;
  return result;
}

/** Whether the pattern fits at this offset of the view. */
export function matchesInView(pattern: Pattern, view: View, bytes: Uint8Array, at: number): boolean {
  const end = at + pattern.values.length + view.lag;
  return at >= 0 && end <= bytes.length && matchesAt(pattern, viewOf(view, bytes.subarray(at, end)), 0);
}
