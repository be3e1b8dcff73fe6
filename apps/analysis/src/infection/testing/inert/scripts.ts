import { type Random, random } from "../random.ts";
import { seedOf, xored } from "./bodies.ts";
import { type Language, languages } from "./languages.ts";
import type { InertInfection } from "./types.ts";

/** What is varied from host to host. */
interface Mangling {
  readonly name: string;
  readonly rename?: boolean;
  readonly minify?: boolean;
  readonly split?: boolean;
  readonly comments?: boolean;
  readonly numbers?: boolean;
  readonly shuffle?: boolean;
  /** How texts are kept: `xor` under a key of 4 bytes of the host's own, as hex; `base64` behind a few bytes; `noise`: nothing is constant. */
  readonly texts?: "xor" | "base64" | "noise";
  readonly at: "top" | "end";
  readonly refusable?: boolean;
}

const manglings: readonly Mangling[] = [
  { name: "fixed", at: "top" },
  { name: "fixed-end", at: "end" },
  { name: "renamed", at: "top", rename: true },
  { name: "minified", at: "end", minify: true, comments: true },
  { name: "renamed-minified", at: "top", rename: true, minify: true, comments: true },
  { name: "split", at: "end", split: true },
  { name: "renamed-split", at: "top", rename: true, split: true },
  { name: "renamed-minified-split", at: "end", rename: true, minify: true, comments: true, split: true },
  { name: "renamed-shuffled", at: "top", rename: true, shuffle: true },
  {
    name: "everything",
    at: "top",
    rename: true,
    minify: true,
    comments: true,
    split: true,
    numbers: true,
    shuffle: true,
  },
  { name: "base64", at: "top", rename: true, texts: "base64" },
  { name: "xor-fixed-names", at: "top", texts: "xor" },
  { name: "xor", at: "end", rename: true, minify: true, texts: "xor" },
  { name: "noise", at: "top", rename: true, minify: true, comments: true, texts: "noise", refusable: true },
];

const words = (
  "amber anvil basin beacon birch bramble brine candle cedar cinder clover copper cradle dapple ember fallow fennel " +
  "fern flint gable garnet gorse harbour hazel heron indigo juniper kelp kettle lantern larch lichen linden loam madder " +
  "marl meadow mica myrtle nettle oat ochre osprey otter peat pewter plover quarry quill rafter reed rowan russet saffron " +
  "sedge shale sorrel spindle tallow teal thatch thimble thistle tinder umber vetch walnut wicker willow yarrow"
).split(" ");

/** The statements of one infection: constant texts, member names and numbers, the same for the same name. */
function plan(name: string) {
  const dice = random(seedOf(name));
  const sentence = (count: number) => Array.from({ length: count }, () => dice.pick(words)).join(" ");
  return {
    texts: [sentence(8), sentence(6), sentence(9)],
    names: ["first", "second", "third", "fourth", "fifth", "sixth"].map(
      (each) => `${each}_${dice.pick(words)}`,
    ),
    members: Array.from({ length: 4 }, () => dice.pick(words) + dice.pick(words)),
    numbers: [10_000 + dice.below(80_000), 100_000 + dice.below(800_000), 1000 + dice.below(8000)],
  };
}

function identifier(dice: Random, style: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const some = (length: number) => Array.from({ length }, () => letters[dice.below(26)]).join("");
  // An ending that no word of any language has.
  if (style === 0) return `${some(1)}${dice.below(1000)}`;
  if (style === 1) return `_0x${(4096 + dice.below(60_000)).toString(16)}`;
  return `${some(2 + dice.below(7))}_${some(1 + dice.below(4))}q`;
}

function statements(name: string, language: Language, how: Mangling, dice: Random): string[] {
  const { texts, names, members, numbers } = plan(how.texts === "noise" ? `${name} ${dice.next()}` : name);
  const style = dice.below(3);
  const called = names.map((each) => (how.rename ? identifier(dice, style) : each));
  const space = () => (language.blanks ? (how.minify ? " ".repeat(dice.below(3)) : " ") : "");
  const written = (text: string) => writeText(text, language, how, dice);
  const number = (value: number) => language.number(value, how.numbers ? dice.below(2) : 0);
  const [a, b, c, d, e, f] = called as [string, string, string, string, string, string];
  const list = [
    language.set(a, written(texts[0]!), space()),
    language.set(b, written(texts[1]!), space()),
    language.set(c, number(numbers[0]!), space()),
    language.set(d, written(texts[2]!), space()),
    language.set(
      e,
      language.record(
        members.map((each, i) => [each, number(numbers[i % 3]!)]),
        space(),
      ),
      space(),
    ),
    language.set(f, number(numbers[1]!), space()),
  ];
  if (how.shuffle) list.sort(() => dice.next() - 0.5);
  return [
    ...list,
    language.idle(
      [a, b, c, d, e, f].map((each) => language.read(each)),
      space(),
    ),
  ];
}

function writeText(text: string, language: Language, how: Mangling, dice: Random): string {
  if (how.texts === "noise") return language.quote(dice.bytes(16 + dice.below(40)).toString("base64"));
  if (how.texts === "base64") {
    return language.quote(
      Buffer.concat([dice.bytes(1 + dice.below(6)), Buffer.from(text)]).toString("base64"),
    );
  }
  if (how.texts === "xor") {
    const key = Buffer.from(Uint8Array.from({ length: 4 }, () => 1 + dice.below(255)));
    return language.quote(key.toString("hex") + xored(Buffer.from(text), key).toString("hex"));
  }
  if (!how.split) return language.quote(text);
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 3 + dice.below(9);
    parts.push(language.quote(text.slice(at, at + length)));
    at += length;
  }
  const space = how.minify && language.join !== "" ? " ".repeat(dice.below(2)) : "";
  return parts.join(`${space}${language.join}${space}`);
}

function body(name: string, language: Language, how: Mangling, dice: Random): string {
  const noise = () => Array.from({ length: 1 + dice.below(5) }, () => dice.pick(words)).join(" ");
  let text = "";
  for (const statement of statements(name, language, how, dice)) {
    if (how.comments && dice.below(3) === 0) text += `${language.comment} ${noise()} ${dice.below(1000)}\n`;
    const sameLine = how.minify && dice.below(2) === 0;
    const end =
      language.type === "shell" || language.type === "python"
        ? how.minify
          ? dice.below(2) === 0
          : false
        : true;
    text += `${statement}${sameLine || end ? language.separator : ""}${sameLine ? " ".repeat(dice.below(3)) : "\n"}`;
    if (how.minify && !sameLine && dice.below(4) === 0) text += "\n";
  }
  return text.endsWith("\n") ? text : `${text}\n`;
}

function infect(
  name: string,
  language: Language,
  how: Mangling,
  host: Uint8Array,
  dice: Random,
): Buffer | null {
  const text = Buffer.from(host).toString("latin1");
  if (text.length === 0 || text.startsWith("\x7fELF")) return null;
  const at = how.at === "top" ? language.start(text) : text.length;
  if (at < 0 || (how.at === "end" && /\?>\s*$|\\\n?$|^__(END|DATA)__$/m.test(text))) return null;
  const gap = at > 0 && text[at - 1] !== "\n" ? "\n" : "";
  return Buffer.from(text.slice(0, at) + gap + body(name, language, how, dice) + text.slice(at), "latin1");
}

export const scriptInfections: readonly InertInfection[] = languages.flatMap((language) =>
  manglings.map((how): InertInfection => {
    const id = `script-${language.type}-${how.name}`;
    return {
      ...{ id, family: "script", mechanism: how.at === "top" ? "insert" : "append", encoding: how.name },
      ...{ types: [language.type], refusable: how.refusable ?? false, keepsBytes: true },
      infect: (host, dice) => infect(id, language, how, host, dice),
    };
  }),
);
