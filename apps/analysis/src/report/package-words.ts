/** The repair of a package's tarball in words. */
import type { DropMember, ManifestEdit, PackageMember, PackageRepair } from "@thymus/contracts";
import { clip, clipMiddle } from "./bounds.ts";
import { count } from "./words.ts";

export function packageWords({ drop, members, pack, expect }: PackageRepair): string[] {
  return [
    ...drop.map(dropWords),
    ...members.flatMap(memberWords),
    `Pack it again ${pack.order === "npm" && pack.headers === "npm" ? "as npm packs" : "in the order it had"}; done only where the result is a package of at least ${count(expect.minMembers, "file")} without the infection's mark.`,
  ];
}

const name = (path: string | null): string => (path === null ? "a file" : clipMiddle(path, 120));

const dropWords = (member: DropMember): string =>
  "sha256" in member
    ? `Take ${name(member.path)} out of the package: the one with SHA-256 ${member.sha256.slice(0, 16)}….`
    : `Take ${name(member.path)} out of the package: the one in which the infection's mark stands.`;

function memberWords(member: PackageMember): string[] {
  if ("edits" in member) return member.edits.map(editWords);
  const where = member.path === null ? "each file that has the mark" : name(member.path);
  return [`In ${where}, undo the change of its bytes (${count(member.recipes.length, "recipe")}).`];
}

const quoted = (text: string): string => `“${clip(text, 80)}”`;

function editWords(edit: ManifestEdit): string {
  if (edit.op === "end") return "In package.json, give the end of the file back as it was.";
  const key = clip(edit.path.join("."), 120);
  switch (edit.op) {
    case "remove":
      return `In package.json, remove ${key} where it is ${
        typeof edit.value === "string"
          ? quoted(edit.value)
          : `between ${quoted(edit.value.prefix)} and ${quoted(edit.value.suffix)}`
      }.`;
    case "unwrap":
      return `In package.json, take ${[edit.prefix, edit.suffix].filter(Boolean).map(quoted).join(" and ")} off ${key}.`;
    case "step":
      return `In package.json, change number ${edit.part + 1} of ${key} by ${edit.by}.`;
  }
}
