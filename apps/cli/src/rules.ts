/** Which rules a scan uses: prescriptions, or plain YARA files, named by the caller or active on this machine. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Prescription, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { bundleOf, createBundle, loadEngine, loadRuleSet, type RuleBundle } from "@thymus/detection";

const MAX_RULE_FILE_BYTES = 64 * 1024 * 1024;

export function readPrescription(file: string): Prescription {
  return parseJsonDocument(Prescription, read(file), file);
}

function read(file: string): string {
  try {
    if (statSync(file).size > MAX_RULE_FILE_BYTES)
      throw new ThymusError(
        "TOO_LARGE",
        `${file} has more than ${MAX_RULE_FILE_BYTES} bytes`,
        "split the rules into smaller files",
      );
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof ThymusError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new ThymusError(
      code === "ENOENT" ? "NOT_FOUND" : "UNREADABLE",
      `${file} cannot be read (${code})`,
      "check the path",
      { cause },
    );
  }
}

/** prescription.json and *.yar / *.yara files below a folder, results of `thymus immunize --out` included. */
function ruleFiles(path: string): string[] {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts)
    throw new ThymusError("NOT_FOUND", `${path} does not exist`, "name a rule file or a folder of rules");
  if (facts.isFile()) return [path];
  const found: string[] = [];
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      // A case's folder holds its rule twice: the prescription says more.
      const inner = ruleFiles(join(path, entry.name));
      const whole = inner.filter((file) => file.endsWith(".json"));
      found.push(...(whole.length > 0 ? whole : inner));
    } else if (/^(prescription|rx-[a-z0-9]+)\.json$|\.(yara?|rules?)$/.test(entry.name))
      found.push(join(path, entry.name));
  }
  const here = found.filter((file) => file === join(path, "prescription.json"));
  return here.length > 0 ? here : found.sort();
}

/**
 * Prescriptions, and rule sets of other people as they are: what of those cannot be applied is told by `onWarning` and left out.
 * @throws ThymusError NOT_FOUND where a path holds no rules, RULE_INVALID where none of them can be applied
 */
export async function loadRules(
  paths: readonly string[],
  onWarning: (what: string) => void,
): Promise<RuleBundle> {
  const prescriptions: Prescription[] = [];
  const plain: string[] = [];
  for (const path of paths) {
    const files = ruleFiles(path);
    if (files.length === 0)
      throw new ThymusError("NOT_FOUND", `${path} holds no rules`, "name .yar files or prescription.json");
    const documents = files.filter((file) => file.endsWith(".json"));
    prescriptions.push(...documents.map(readPrescription));
    // A folder of rules alone is one set: its files may include each other.
    if (documents.length === 0) plain.push(path);
    else plain.push(...files.filter((file) => !file.endsWith(".json")));
  }
  const proved = createBundle(prescriptions);
  if (plain.length === 0) return proved;
  const { bundle, warnings } = loadRuleSet(plain, await loadEngine());
  if (bundle.rules.length === 0)
    throw new ThymusError(
      "RULE_INVALID",
      warnings[0] ?? `${plain[0]} holds no rule`,
      "correct the rules; their syntax is YARA's",
    );
  for (const warning of warnings) onWarning(warning);
  return prescriptions.length === 0 ? bundle : bundleOf([...proved.rules, ...bundle.rules]);
}
