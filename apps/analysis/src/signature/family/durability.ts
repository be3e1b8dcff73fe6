interface Cause {
  readonly pattern: RegExp;
  readonly cost: number;
}

/** What another version would write otherwise. Several builds that all hold a text speak against it. */
const changes: readonly Cause[] = [
  { pattern: /\d+\.\d+/, cost: 40 },
  { pattern: /\b(19|20)\d\d\b|copyright|\(c\)/i, cost: 50 },
  { pattern: /\bversion\b|\brelease\b|\bbuild\b/i, cost: 15 },
  { pattern: /https?:|www\.|@[\w-]+\./, cost: 15 },
  { pattern: /^\/(usr|build|lib|tmp|home)\//, cost: 15 },
  { pattern: /[0-9a-f]{16}/i, cost: 60 },
];

/** What the build for another processor, or a stripped one, does not hold; builds for one processor cannot show it. */
const differences: readonly Cause[] = [
  { pattern: /%[-+ #0*]*\d*\.?\*?\d*l/, cost: 60 },
  { pattern: /x86[_-]64|amd64|i[3-6]86|aarch64|arm64|armv\d|linux-gnu|lib64|riscv|ppc64/i, cost: 120 },
  { pattern: /^[\w.@$]+$/, cost: 45 },
  // What is no words may be machine code by chance.
  { pattern: /[^\w\s.,:;!?'"()[\]<>/%=+*&#@$|\\~`^{}-]/, cost: 20 },
];

/** So much of a text is looked at: hostile ones are long. */
const LOOKED_AT = 256;

/**
 * How unlikely a text is to stand in the next version and in the build for another processor as well, in nats, so that it can be
 * weighed against the logarithm of a probability.
 * @param witnesses builds that hold it
 */
export function fragility(whole: string, witnesses: number): number {
  const text = whole.slice(0, LOOKED_AT);
  const digits = text.replace(/[^0-9]/g, "").length;
  const change = total(changes, text) + 3 * Math.max(0, digits - 2);
  return change / Math.max(1, witnesses - 1) + total(differences, text);
}

function total(causes: readonly Cause[], text: string): number {
  return causes.reduce((sum, { pattern, cost }) => (pattern.test(text) ? sum + cost : sum), 0);
}

/** Share of letters and spaces; texts that people wrote have much of it. */
export function wordiness(text: string): number {
  const plain = text.includes("\0") ? text.replaceAll("\0", "") : text;
  let words = 0;
  for (let i = 0; i < plain.length; i++) {
    const code = plain.charCodeAt(i) | 0x20;
    if (code === 0x20 || (code >= 0x61 && code <= 0x7a)) words++;
  }
  return words / plain.length;
}
