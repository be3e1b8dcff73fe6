import { commonSegments } from "../../infection/invariant.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Form } from "./form.ts";
import { clausesOfWindows, windowsOf } from "./windows.ts";
import { isDull, textString } from "./yara-text.ts";

const isLetter = (byte: number) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** Text whose letters are small in one file and capital in another, as hex digits and key words are. */
export const nocaseForm: Form = {
  name: "nocase",
  propose({ bodies, self }): Clause[] {
    const segments = commonSegments(bodies.map((body) => body.map(lower)));
    const windows = windowsOf(
      segments,
      (bytes): ClauseString | null => {
        if (isDull(bytes) || bytes.some((byte) => byte < 0x09 || byte > 0x7e)) return null;
        const upper = bytes.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte));
        const letters = bytes.reduce((sum, byte) => sum + (isLetter(byte) ? 1 : 0), 0);
        // Each letter's case might be drawn for itself.
        const logProbability =
          Math.max(self.logProbability(bytes), self.logProbability(upper)) + letters * 0.3;
        return { text: `${textString(bytes)} nocase`, logProbability };
      },
      self,
    );
    return clausesOfWindows("nocase", windows);
  },
};

function lower(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));
}
