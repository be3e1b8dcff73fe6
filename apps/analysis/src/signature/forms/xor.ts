import { commonSegments } from "../../infection/invariant.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Form } from "./form.ts";
import { clausesOfWindows, windowsOf } from "./windows.ts";
import { isDull, logSum, textString } from "./yara-text.ts";

/** Each is judged under 256 keys. */
const MAX_WINDOWS = 40;

/**
 * Bodies under a key of one byte that changes: what neighbouring bytes differ by stays the same, so constant differences give the
 * text up to the key, and the `xor` modifier finds it under every key. It covers rolling XOR too, where each byte is combined
 * with the one before: that is the running XOR of the text under one byte.
 */
export const xorForm: Form = {
  name: "xor",
  propose({ bodies, self }): Clause[] {
    const differences = bodies.map((body) => body.filter((part) => part.length > 16).map(neighbours));
    const segments = commonSegments(differences).filter(({ bytes }) => bytes.length >= 16);
    const windows = windowsOf(
      segments,
      (difference): ClauseString | null => {
        if (isDull(difference)) return null;
        const bytes = new Uint8Array(difference.length + 1);
        for (const [i, each] of difference.entries()) bytes[i + 1] = bytes[i]! ^ each;
        const roots = Array.from({ length: 256 }, (_, key) => bytes.map((byte) => byte ^ key));
        const keyed = roots.map((root) => self.logProbability(root));
        const best = keyed.indexOf(Math.max(...keyed));
        return { text: `${textString(roots[best]!)} xor`, logProbability: logSum(keyed), runs: [roots] };
      },
      self,
      MAX_WINDOWS,
    );
    return clausesOfWindows("xor", windows);
  },
};

function neighbours(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - 1);
  for (let i = 0; i < result.length; i++) result[i] = bytes[i]! ^ bytes[i + 1]!;
  return result;
}
