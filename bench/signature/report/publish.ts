import { readFileSync } from "node:fs";
import { writeFileAtomic } from "@thymus/store";

const BEGIN = "<!-- results of the signature bench: begin -->";
const END = "<!-- results of the signature bench: end -->";

/** Puts the text between the markers of a document; at its end where it has none yet. */
export async function publish(file: string, text: string): Promise<void> {
  const old = readFileSync(file, "utf8");
  const [from, to] = [old.indexOf(BEGIN), old.indexOf(END)];
  const block = `${BEGIN}\n\n${text.trim()}\n\n${END}`;
  const whole =
    from >= 0 && to > from
      ? old.slice(0, from) + block + old.slice(to + END.length)
      : `${old.trimEnd()}\n\n${block}\n`;
  await writeFileAtomic(file, whole, 0o644);
}
