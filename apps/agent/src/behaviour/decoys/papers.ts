import { createHash } from "node:crypto";
import { docx, odt, xlsx } from "./office.ts";
import { pdf } from "./pdf.ts";
import { jpeg, png } from "./pictures.ts";

/** One decoy among documents: its name, and what is in it. */
export interface Paper {
  readonly name: string;
  readonly content: Buffer;
}

const subjects = ["invoices", "salaries", "contracts", "insurance", "tax", "passwords", "accounts", "budget"];
const people = ["north", "south", "office", "archive", "private", "household", "club", "family"];

/** Numbers that follow from a seed. */
function numbers(seed: string): (below: number) => number {
  let block = 0;
  let bytes = Buffer.alloc(0);
  return (below) => {
    if (bytes.length < 4) {
      bytes = createHash("sha256").update(`${seed}:${block++}`).digest();
    }
    const value = bytes.readUInt32LE(0);
    bytes = bytes.subarray(4);
    return value % below;
  };
}

const kinds = ["docx", "csv", "pdf", "xlsx", "jpg", "txt", "odt", "png"] as const;

/** Words that sort last in every language's order of names, too. */
const last = ["zoning", "zip-codes", "zone-budget", "zero-balance", "zurich-office"];

/**
 * The paper that who goes backwards meets first. It must not be hidden for that; so it is named as office programs name the small
 * files with which they mark a document as open, which people, sync and backup tools pass over. `~` sorts after all letters of ASCII,
 * and where signs do not count for the order, its word does.
 */
export function lastPaper(seed: string): Paper {
  const next = numbers(seed);
  const kind = next(2) === 0 ? "docx" : "xlsx";
  const subject = last[next(last.length)]!;
  const year = 2015 + next(10);
  const name = `~$${subject}-${year}-${next(9000) + 1000}.${kind}`;
  return { name, content: contentOf(kind, subject, year, next) };
}

/**
 * Papers for one folder: plausible and small, other ones in each folder and installation, the same again for the same seed. Their
 * names begin with a dot, so that file managers do not show them, and a walk in order meets them before anything else.
 */
export function papersFor(seed: string, count: number): Paper[] {
  const next = numbers(seed);
  const first = next(kinds.length);
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[(first + index) % kinds.length]!;
    const subject = subjects[next(subjects.length)]!;
    const year = 2015 + next(10);
    // Half of them come before everything else, half after all other hidden names.
    const sort = index % 2 === 0 ? "" : "~";
    const name = `.${sort}${subject}-${people[next(people.length)]}-${year}-${next(9000) + 1000}.${kind}`;
    return { name, content: contentOf(kind, subject, year, next) };
  });
}

function contentOf(
  kind: (typeof kinds)[number],
  subject: string,
  year: number,
  next: (below: number) => number,
): Buffer {
  const rows = Array.from({ length: 24 + next(24) }, (_, row) => [
    `${year}-${String((row % 12) + 1).padStart(2, "0")}`,
    `${subject} ${people[next(people.length)]} ${next(900) + 100}`,
    next(500_000) / 100,
  ]);
  const lines = [`${subject} ${year}`, "", ...rows.map((row) => row.join("   "))];
  const slope = next(40) + 5;
  const shade = (x: number, y: number) => 40 + ((x * slope + y * (45 - slope)) % 180);
  switch (kind) {
    case "docx":
      return docx(lines);
    case "odt":
      return odt(lines);
    case "xlsx":
      return xlsx(rows as (string | number)[][]);
    case "pdf":
      return pdf(lines);
    case "csv":
      return Buffer.from(`month,subject,amount\n${rows.map((row) => row.join(",")).join("\n")}\n`);
    case "txt":
      return Buffer.from(`${lines.join("\n")}\n`);
    case "jpg":
      return jpeg(20 + next(20), 15 + next(10), shade);
    case "png":
      return png(160 + next(80), 120 + next(40), shade);
  }
}
