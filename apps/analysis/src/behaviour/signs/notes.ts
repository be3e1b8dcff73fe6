/** What a program leaves for a person to read, and the interpreters that it runs. */
import { basename } from "node:path";
import { writtenAt } from "./persistence.ts";
import { type Detector, type Sign, short, sign } from "./sign.ts";

const lost =
  /\b(your|all)\b[^.\n]{0,60}\b(files?|documents?|data|photos?|databases?)\b[^.]{0,80}\b(encrypted|locked|stolen|unreadable|taken)\b/i;
const price = /\b(bitcoins?|btc|monero|xmr|ransom|decrypt(ion|or)?|unlock(ing)?)\b|\bpay\b/i;
const MAX_NOTE = 64 << 10;

const interpreters: Readonly<Record<string, string>> = {
  sh: "T1059.004",
  bash: "T1059.004",
  dash: "T1059.004",
  python3: "T1059.006",
  node: "T1059.007",
  perl: "T1059",
  php: "T1059",
};

export const notes: Detector = (view) => {
  const found: Sign[] = [];
  const used = new Map<string, string>();
  for (const event of view.events) {
    const name = basename(event.path ?? "").replace(/^(python3|php)[\d.]+$/, "$1");
    const technique = event.what === "exec" ? interpreters[name] : undefined;
    if (technique === undefined || used.has(technique)) continue;
    used.set(technique, name);
    found.push(
      sign("interpreter", {
        t: event.t,
        what: `ran ${name}`,
        evidence: `exec of ${event.path} at ${event.t.toFixed(2)} s`,
        technique,
      }),
    );
  }
  for (const file of view.result.dropped) {
    if (file.size > MAX_NOTE || file.size < 40) continue;
    const text = view.contentOf(file.path)?.toString("utf8") ?? "";
    if (!lost.test(text) || !price.test(text)) continue;
    found.push(
      sign("ransom-note", {
        t: writtenAt(view, file.path),
        what: `left a note that asks for money, ${short(file.path, view.home)}`,
        evidence: text.replace(/\s+/g, " ").slice(0, 200),
      }),
    );
    break;
  }
  return found;
};
