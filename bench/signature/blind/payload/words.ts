import type { Random } from "../kind.ts";
import { between, pick } from "../random.ts";

const words =
  "amber basin cedar delta ember fjord glade heron inlet juniper kelp lagoon meadow nectar orchard pebble quartz ridge saffron thicket umber valley willow yarrow zephyr bramble copper dune estuary fern gravel hollow".split(
    " ",
  );

/** A name for a variable that every script language here takes, of at least six letters. */
export function name(random: Random): string {
  return `${pick(random, words)}_${pick(random, words)}${between(random, 0, 99)}`;
}

/** Text without quotes, signs or escapes. */
export function phrase(random: Random, count: number): string {
  return Array.from({ length: count }, () =>
    random() < 0.2 ? String(between(random, 10, 9999)) : pick(random, words),
  ).join(" ");
}

/** Letters only, so that a name of this kind shares nothing with another one. */
export function letters(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + between(random, 0, 25))).join("");
}
