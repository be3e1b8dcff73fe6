import { commonSegments } from "../../infection/invariant.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Form } from "./form.ts";
import { clausesOfWindows, windowsOf } from "./windows.ts";
import { isDull, logSum, textString } from "./yara-text.ts";

const RUN = /[A-Za-z0-9+/]{24,}={0,2}/g;

/** Bodies kept as base64 behind something of a length that varies: constant once decoded, found at all three alignments. */
export const base64Form: Form = {
  name: "base64",
  propose({ bodies, self }): Clause[] {
    const decoded = bodies.map((body) =>
      body.flatMap((part) =>
        (Buffer.from(part).toString("latin1").match(RUN) ?? []).map((text) => Buffer.from(text, "base64")),
      ),
    );
    if (decoded.some((parts) => parts.length === 0)) return [];
    const windows = windowsOf(
      commonSegments(decoded),
      (bytes): ClauseString | null => {
        if (isDull(bytes)) return null;
        const roots = [0, 1, 2].map((shift) => encodedAt(bytes, shift));
        return {
          text: `${textString(bytes)} base64`,
          logProbability: logSum(roots.map((root) => self.logProbability(root))),
          runs: [roots],
        };
      },
      self,
    );
    return clausesOfWindows("base64", windows);
  },
};

/** What of the bytes' base64 does not depend on the bytes around them. */
function encodedAt(bytes: Uint8Array, shift: number): Uint8Array {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  return Buffer.from(
    text.slice(shift === 0 ? 0 : shift + 1, text.length - ((bytes.length + shift) % 3 === 0 ? 0 : 1)),
    "latin1",
  );
}
