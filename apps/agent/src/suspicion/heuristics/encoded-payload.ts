import type { Heuristic } from "../../monitors/static-heuristics.ts";

/** A run of base64, hex or escapes that nobody writes by hand. */
const blob = /[A-Za-z0-9+/_-]{200,}={0,2}|(?:\\x[0-9a-fA-F]{2}){50,}|(?:[0-9a-fA-F]{2}\s?){150,}/;

const runners: Readonly<Record<string, RegExp>> = {
  shell: /\beval\b|\|\s*(?:\/bin\/)?(?:ba|da)?sh\b|\bbase64\s+(?:-d|--decode)|\bsource\s+\/dev\/|\bxxd\s+-r/,
  python: /\bexec\s*\(|\beval\s*\(|\bcompile\s*\(|\bmarshal\.loads/,
  node: /\beval\s*\(|\bnew\s+Function\s*\(|\bFunction\s*\(|\bvm\.run|\bchild_process\b/,
  perl: /\beval\b|\bunpack\s*\(?\s*["']u/,
  php: /\beval\s*\(|\bassert\s*\(|\bcreate_function\s*\(|\bgzinflate\s*\(/,
};

/** Bytes of a script that are looked at. */
const LOOKED_AT = 1 << 20;

/** A script that carries an encoded blob and something that runs text as code. */
export const encodedPayload: Heuristic = {
  name: "encoded-payload",
  weight: 0.5,
  find(bytes, type) {
    const runner = runners[type];
    if (!runner) return null;
    const text = bytes.toString("latin1", 0, LOOKED_AT);
    return runner.test(text) && blob.test(text) ? "it carries an encoded blob and runs text as code" : null;
  },
};
