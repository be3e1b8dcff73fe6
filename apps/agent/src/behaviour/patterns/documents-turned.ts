import { expectedForm } from "../content/forms.ts";
import type { DocumentChange, Pattern } from "../facts.ts";

/** Weight of so many documents; more count as the last. */
const WEIGHTS = [0, 0.15, 0.3, 0.55, 0.75, 0.88];

/**
 * Documents whose content became noise of no known form, or encrypted: in place, or in a new file while the original went. That is
 * what encryption does, and what no editor, converter, archiver or backup does to several documents.
 */
export const documentsTurned: Pattern = {
  name: "documents-turned",
  look({ documents }) {
    const turned = turnedOf(documents);
    if (turned.length === 0) return [];
    return [
      {
        kind: "documents-changed",
        rule: "documents-turned",
        path: turned[0]!.path,
        weight: WEIGHTS[Math.min(turned.length, WEIGHTS.length - 1)]!,
        what: `${turned.length} document${turned.length > 1 ? "s" : ""} became noise that no program can open, e.g. ${turned[0]!.path}`,
        unless:
          "the documents kept a form that programs can open, or only new files were written beside them",
      },
    ];
  },
};

/** The documents of which nothing readable is left. */
export function turnedOf(documents: readonly DocumentChange[]): DocumentChange[] {
  const noise = documents.filter(({ fate, after }) => fate === "created" && after && isNoise(after));
  let left = noise.length;
  return documents.filter((change) => {
    if (change.fate === "written") return becameNoise(change);
    // Each original that went is explained by one new file of noise.
    if (change.fate !== "gone" || left === 0 || !hadForm(change)) return false;
    left--;
    return true;
  });
}

export const isNoise = ({ form, random }: { form: { kind: string }; random: boolean }) =>
  form.kind === "encrypted" || (form.kind === "none" && random);

/** A document that went could be read, by its copy, else by its name: of what nobody could read nothing is lost by a new name. */
export const hadForm = ({ path, before }: DocumentChange): boolean =>
  before ? !isNoise(before) : expectedForm(nameOf(path)) !== null;

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A document that still has its name has lost its form. */
export function becameNoise({ path, before, after }: DocumentChange): boolean {
  if (!after) return false;
  const was = before?.form.name ?? expectedForm(nameOf(path));
  if (was === null || (before && isNoise(before))) return false;
  if (isNoise(after)) return true;
  // The head was kept, the rest scrambled.
  return was === "text" && after.random && !after.text && after.form.kind === "text";
}
