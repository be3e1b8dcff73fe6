/** Which rules a scan uses: prescriptions, or plain YARA files, named by the caller or active on this machine. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Prescription, parseJsonDocument, ThymusError } from "@thymus/contracts";
import { bundleSources, createBundle, type RuleBundle, type RuleSource } from "@thymus/detection";

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
    } else if (/^(prescription|rx-[a-z0-9]+)\.json$|\.yara?$/.test(entry.name))
      found.push(join(path, entry.name));
  }
  const here = found.filter((file) => file === join(path, "prescription.json"));
  return here.length > 0 ? here : found.sort();
}

/** @throws ThymusError NOT_FOUND where the path holds no rules */
export function loadRules(path: string): RuleBundle {
  const files = ruleFiles(path);
  if (files.length === 0)
    throw new ThymusError("NOT_FOUND", `${path} holds no rules`, "name .yar files or prescription.json");
  const prescriptions = files.filter((file) => file.endsWith(".json")).map(readPrescription);
  const sources: RuleSource[] = files
    .filter((file) => !file.endsWith(".json"))
    .map((file) => ({ namespace: basename(file), source: read(file) }));
  const proved = createBundle(prescriptions);
  if (sources.length === 0) return proved;
  const plain = bundleSources(sources);
  return prescriptions.length === 0
    ? plain
    : { digest: `${proved.digest}${plain.digest}`, rules: [...proved.rules, ...plain.rules] };
}
