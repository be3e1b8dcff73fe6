import type { Self } from "../../signature/self.ts";

/** Byte-pair statistics and an in-memory scan over a few clean files; reads only rules of one string each. */
export function fakeSelf(files: readonly Uint8Array[]): Self & { scans: number } {
  const pairs = new Float64Array(65536).fill(0.02);
  const singles = new Float64Array(256).fill(0.02 * 256);
  for (const bytes of files) {
    for (let i = 1; i < bytes.length; i++) {
      pairs[bytes[i - 1]! * 256 + bytes[i]!]!++;
      singles[bytes[i - 1]!]!++;
    }
  }
  const self = {
    scans: 0,
    logProbability(bytes: Uint8Array): number {
      let sum = Math.log(1 / 256);
      for (let i = 1; i < bytes.length; i++) {
        sum += Math.log(pairs[bytes[i - 1]! * 256 + bytes[i]!]! / singles[bytes[i - 1]!]!);
      }
      return sum;
    },
    async scan(sources: { namespace: string; source: string }[]) {
      self.scans++;
      const hits = sources.flatMap(({ namespace, source }) =>
        [...source.matchAll(/rule (\w+) \{ strings: \$a = (.*) condition: \$a \}/g)].flatMap(
          ([, rule, text]) =>
            files.some((bytes) => Buffer.from(bytes).toString("latin1").match(asRegExp(text!)) !== null)
              ? [{ namespace, rule: rule! }]
              : [],
        ),
      );
      return { files: files.length, bytes: files.reduce((sum, bytes) => sum + bytes.length, 0), hits };
    },
  };
  return self;
}

/** A YARA string of the kinds that we write, as a regular expression over latin1 text. */
export function asRegExp(text: string): RegExp {
  if (text.startsWith("{")) {
    const body = text
      .slice(1, -1)
      .match(/../g)!
      .map((pair) => (pair === "??" ? "[^]" : `\\x${pair}`));
    return new RegExp(body.join(""));
  }
  const plain: string = JSON.parse(text);
  return new RegExp(
    plain.replace(/[^A-Za-z0-9 ]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`),
  );
}

/** Whether a rule of ours matches, by its strings and condition. */
export function ruleMatches(rule: string, bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString("latin1");
  const strings = [...rule.matchAll(/^ +\$([a-j])(\d) = (.*)$/gm)].map(([, cell, , string]) => ({
    cell: cell!,
    found: asRegExp(string!).test(text),
  }));
  const condition = rule.split("condition:")[1]!.replace("}", "").trim();
  return condition.split(" or ").some((part) => {
    const cell = part.match(/\$([a-j])/)![1];
    const mine = strings.filter((string) => string.cell === cell);
    const needed = /^\$/.test(part) ? 1 : part.startsWith("all") ? mine.length : Number.parseInt(part, 10);
    return mine.filter(({ found }) => found).length >= needed;
  });
}
