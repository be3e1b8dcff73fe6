import { provenAbsent, runsOfHex } from "../absence.ts";
import { STRONG } from "../candidates.ts";
import type { Clause, ClauseString } from "../clause.ts";
import type { Self } from "../self.ts";
import type { Column } from "./consensus.ts";
import { redundant } from "./windows.ts";
import { isDull, logSum } from "./yara-text.ts";

/** One piece of a hex string. */
interface Element {
  readonly text: string;
  readonly kind: "byte" | "either" | "any" | "jump";
  /** Values of a `byte`; forms of an `either`. */
  readonly forms: readonly Uint8Array[];
  readonly least: number;
  readonly most: number;
}

const MAX_TEXT = 150;
const MAX_ANY = 12;
const MAX_JUMP = 24;
const MAX_FORMS = 4;
const MAX_STRINGS = 4;
/** Bytes in a row that the engines' search can start from. */
const MIN_ROOT = 4;
/** Bytes that a string tells, be they constant or one of a few. */
const MIN_TOLD = 12;

/** Hex strings with wild cards, bounded jumps and alternatives, from what bodies have in common order. */
export function patternClauses(
  columns: readonly Column[],
  total: number,
  self: Self,
  form: string,
): Clause[] {
  const elements = elementsOf(columns, total);
  const windows = bestWindows(elements, self);
  const clauses: Clause[] = [];
  for (let at = 0; at < windows.length && clauses.length < 3; at += MAX_STRINGS) {
    clauses.push(redundant(form, windows.slice(at, at + MAX_STRINGS)));
  }
  return clauses;
}

function elementsOf(columns: readonly Column[], total: number): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < columns.length; ) {
    const column = columns[at]!;
    if (isConstant(column)) {
      elements.push(byteElement(column[0]!));
      at++;
      continue;
    }
    let end = at;
    while (end < columns.length && !isConstant(columns[end]!)) end++;
    elements.push(varying(columns.slice(at, end), total));
    at = end;
  }
  return elements;
}

const isConstant = (column: Column) => column[0]! >= 0 && column.every((byte) => byte === column[0]);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").toUpperCase();
const byteElement = (byte: number): Element => {
  const form = Uint8Array.of(byte);
  return { text: hex(form), kind: "byte", forms: [form], least: 1, most: 1 };
};

/** Few forms, each seen often enough that another is unlikely (Good and Turing), or anything of such a length. */
function varying(columns: readonly Column[], total: number): Element {
  const forms = new Map<string, { bytes: Uint8Array; count: number }>();
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let n = 0; n < total; n++) {
    const bytes = Uint8Array.from(columns.map((column) => column[n]!).filter((byte) => byte >= 0));
    least = Math.min(least, bytes.length);
    most = Math.max(most, bytes.length);
    const known = forms.get(hex(bytes));
    if (known === undefined) forms.set(hex(bytes), { bytes, count: 1 });
    else known.count++;
  }
  const list = [...forms.values()];
  const seen =
    list.every(({ count }) => count >= 2) && (list.length === 2 ? total >= 6 : total >= 5 * list.length);
  if (least > 0 && most <= 4 && list.length <= MAX_FORMS && seen) {
    const bytes = list.map((form) => form.bytes).sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
    return { text: `(${bytes.map(hex).join("|")})`, kind: "either", forms: bytes, least, most };
  }
  if (least === most) return { text: "??".repeat(most), kind: "any", forms: [], least, most };
  // Lengths at the borders may not have been seen.
  const [from, to] = [Math.max(0, least - (most - least > 2 ? 1 : 0)), most + 1];
  return { text: `[${from}-${to}]`, kind: "jump", forms: [], least: from, most: to };
}

/** Windows that are unlikely enough, the most telling first, none over another. */
function bestWindows(elements: readonly Element[], self: Self): ClauseString[] {
  const found: Grown[] = [];
  for (let from = 0; from < elements.length; from++) {
    if (!isFixed(elements[from]!)) continue;
    const window = grow(elements, from, self);
    if (window !== null) found.push(window);
  }
  found.sort((a, b) => Number(b.proven) - Number(a.proven) || a.each - b.each);
  const apart: Grown[] = [];
  for (const window of found) {
    if (!apart.some((other) => window.from < other.to && other.from < window.to)) apart.push(window);
  }
  return apart.map(({ string }) => string);
}

const isFixed = (element: Element) => element.kind === "byte" || element.kind === "either";

interface Grown {
  readonly from: number;
  readonly to: number;
  readonly string: ClauseString;
  /** Characters of the string. */
  readonly each: number;
  /** Told absent by the index of self. */
  readonly proven: boolean;
}

/** As short as it may be to be unlikely enough, and so long that the index knows it to be absent where that is possible. */
function grow(elements: readonly Element[], from: number, self: Self): Grown | null {
  let text = "";
  let run: number[] = [];
  let logProbability = 0;
  let root = 0;
  let steady = 0;
  const plain: number[] = [];
  let best: Grown | null = null;
  const closeRun = () => {
    if (run.length > 0) logProbability += self.logProbability(Uint8Array.from(run));
    run = [];
  };
  for (let to = from; to < elements.length; to++) {
    const element = elements[to]!;
    if (
      (element.kind === "any" && element.most > MAX_ANY) ||
      (element.kind === "jump" && element.most > MAX_JUMP)
    )
      break;
    text += element.text;
    if (text.length > MAX_TEXT) break;
    if (element.kind === "byte") {
      run.push(element.forms[0]![0]!);
      plain.push(element.forms[0]![0]!);
      steady++;
    } else {
      closeRun();
      if (element.kind === "either") {
        logProbability += logSum(element.forms.map((form) => self.logProbability(form)));
        plain.push(...element.forms[0]!);
        steady += element.least;
      } else steady = 0;
      if (element.kind === "jump") logProbability += Math.log(element.most - element.least + 1);
    }
    root = Math.max(root, steady);
    if (!isFixed(element) || root < MIN_ROOT || plain.length < MIN_TOLD) continue;
    const now = logProbability + (run.length > 0 ? self.logProbability(Uint8Array.from(run)) : 0);
    if (now > STRONG || isDull(Uint8Array.from(plain))) continue;
    const string = { text: `{${text}}`, logProbability: now, runs: runsOfHex(text) };
    const proven = provenAbsent(string, self);
    if (best === null || proven) best = { from, to: to + 1, string, each: text.length, proven };
    if (proven || self.absent === undefined) break;
  }
  return best;
}
