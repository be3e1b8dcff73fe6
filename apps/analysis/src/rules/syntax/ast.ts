/** What a YARA rule is made of. Texts of patterns stay as they were written, so that printing changes nothing of them. */

/** Counted from 1, in characters, as YARA-X tells places. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type PatternKind = "text" | "hex" | "regex";

export interface Pattern {
  /** With its `$`; `$` alone for an anonymous one. */
  readonly id: string;
  readonly kind: PatternKind;
  /** Between the quotes, braces or slashes. */
  readonly body: string;
  /** Of a regular expression: `i`, `s`, both or none. */
  readonly flags: string;
  /** `nocase`, `wide`, `xor(1-255)`, ... in the order of the text. */
  readonly modifiers: readonly string[];
  readonly place: Place;
}

export interface MetaEntry {
  readonly name: string;
  /** As written: a quoted text, a number, `true` or `false`. */
  readonly value: string;
}

export interface Rule {
  readonly name: string;
  readonly modifiers: readonly ("private" | "global")[];
  readonly tags: readonly string[];
  readonly meta: readonly MetaEntry[];
  readonly patterns: readonly Pattern[];
  readonly condition: Expr;
  readonly place: Place;
}

export type Quantifier =
  | { readonly q: "all" | "any" | "none" }
  | { readonly q: "count" | "percent"; readonly of: Expr };

export type PatternSet =
  | { readonly s: "them" }
  /** `$a`, `$b*`, `$*`. */
  | { readonly s: "patterns"; readonly ids: readonly string[] }
  | { readonly s: "expressions"; readonly list: readonly Expr[] };

export type Range = { readonly from: Expr; readonly to: Expr };

/** What a loop goes over. */
export type Iterable =
  | ({ readonly o: "range" } & Range)
  | { readonly o: "list"; readonly list: readonly Expr[] }
  | { readonly o: "value"; readonly of: Expr };

export type Expr =
  | { readonly k: "bool"; readonly value: boolean }
  | { readonly k: "number" | "text" | "name"; readonly text: string }
  | { readonly k: "regex"; readonly body: string; readonly flags: string }
  /** The names of several rules by their beginning, `a*`: YARA 4 only. */
  | { readonly k: "ruleWildcard"; readonly prefix: string }
  | { readonly k: "member"; readonly of: Expr; readonly name: string }
  | { readonly k: "index"; readonly of: Expr; readonly at: Expr }
  | { readonly k: "call"; readonly of: Expr; readonly args: readonly Expr[] }
  /** `$a`, `$a at 0`, `$a in (0..100)`. */
  | { readonly k: "pattern"; readonly id: string; readonly at?: Expr; readonly in?: Range }
  | { readonly k: "count"; readonly id: string; readonly in?: Range }
  | { readonly k: "offset" | "length"; readonly id: string; readonly index?: Expr }
  | { readonly k: "not" | "defined" | "minus" | "flip"; readonly of: Expr }
  | { readonly k: "binary"; readonly op: string; readonly left: Expr; readonly right: Expr }
  | { readonly k: "and" | "or"; readonly all: readonly Expr[] }
  | {
      readonly k: "of";
      readonly quantifier: Quantifier;
      readonly set: PatternSet;
      readonly at?: Expr;
      readonly in?: Range;
    }
  | { readonly k: "forOf"; readonly quantifier: Quantifier; readonly set: PatternSet; readonly body: Expr }
  | {
      readonly k: "forIn";
      readonly quantifier: Quantifier;
      readonly names: readonly string[];
      readonly over: Iterable;
      readonly body: Expr;
    }
  | {
      readonly k: "with";
      readonly names: readonly { readonly name: string; readonly value: Expr }[];
      readonly body: Expr;
    };

/** A part of a file that is one rule, taken apart or not. */
export interface RuleRegion extends Span {
  readonly name: string;
  readonly place: Place;
  readonly rule: Rule | null;
  /** Where its modifier `private` stands, so that it can be taken away. */
  readonly privateAt: Span | null;
  /** Why it could not be taken apart. */
  readonly fault: { readonly place: Place; readonly message: string } | null;
}

export interface Statement extends Span {
  readonly what: "import" | "include";
  readonly value: string;
  readonly place: Place;
}

export interface RuleFile {
  readonly statements: readonly Statement[];
  readonly regions: readonly RuleRegion[];
  /** What stands between rules and is none. */
  readonly faults: readonly { readonly place: Place; readonly message: string }[];
}
