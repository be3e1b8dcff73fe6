import type { SeededRandom } from "./random.ts";

const nouns = (
  "account archive backup batch billing branch budget cache calendar catalog chart client cluster column contact " +
  "counter customer delivery device digest draft entry export factor filter fleet folder forecast gateway group " +
  "handler history import index inventory invoice job journal label ledger limit list log mailbox margin matrix meter " +
  "metric module monitor network note number offer order packet page parcel payment plan policy price printer profile " +
  "project queue quota rate record region report request result route sample schedule score section sensor series " +
  "server session sheet shift signal site slot source station status stock store stream summary survey table target " +
  "task team ticket timer topic total track transfer unit update usage user value vendor version volume window"
).split(" ");
const verbs = (
  "add apply build check clean close collect compare compute convert copy count create derive describe divide expand " +
  "extract fetch fill find fix format gather join limit list load make map mark measure merge move normalize open pack " +
  "parse plan print read rebuild reduce remove rename render replace reset resolve rotate round scale scan select send " +
  "share show sort split store sum sync trim update validate verify wrap write"
).split(" ");
const glue = "the a each every this that of for with from in to by and or before after when".split(" ");

export const noun = (random: SeededRandom) => random.pick(nouns);
export const verb = (random: SeededRandom) => random.pick(verbs);

/** A few words of plain text, `words` of them. */
export function phrase(random: SeededRandom, words: number): string {
  const list = Array.from({ length: words }, (_, at) =>
    at % 3 === 2 ? random.pick(glue) : random.chance(0.3) ? verb(random) : noun(random),
  );
  return list.join(" ");
}

export function sentence(random: SeededRandom): string {
  const text = phrase(random, random.between(5, 14));
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** Distinct identifiers. */
export function names(random: SeededRandom, count: number): string[] {
  const set = new Set<string>();
  while (set.size < count)
    set.add(random.chance(0.5) ? `${noun(random)}_${noun(random)}` : `${noun(random)}${random.below(90)}`);
  return [...set];
}
