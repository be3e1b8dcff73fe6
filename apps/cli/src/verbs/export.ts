import { type Prescribed, prescriptionsToStix, toClamav } from "@thymus/analysis";
import { PrescriptionDetail, PrescriptionId, parseDocument, ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { type Command, Option } from "commander";
import { Api } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, visible } from "../output.ts";
import { readPrescription } from "../rules.ts";
import { acting, withGlobals } from "./verb.ts";

interface Options {
  format: "yara" | "clamav" | "stix";
  out?: string;
}
type Exported =
  | { readonly id: string; readonly text: string }
  | { readonly id: string; readonly refused: string };

/** `thymus prescriptions export`. */
export function registerExport(prescriptions: Command): void {
  withGlobals(prescriptions.command("export"))
    .description("the rules of prescriptions for other scanners")
    .argument("<id...>", "prescriptions of the admin server, or files prescription.json")
    .addOption(
      new Option(
        "--format <format>",
        "yara: for YARA-X and YARA 4; clamav: logical signatures (.ldb); stix: indicators in a bundle of STIX 2.1",
      )
        .choices(["yara", "clamav", "stix"])
        .makeOptionMandatory(),
    )
    .option("--out <file>", "write there instead of standard output")
    .addHelpText(
      "after",
      "\nExit status: 0 all were exported, 1 some cannot be said in that format, 2 error.",
    )
    .action(
      acting<Options>(async (context, options, named) => {
        const found: Prescribed[] = [];
        for (const name of named) found.push(await prescriptionOf(context, name));
        const exported = options.format === "stix" ? [] : exportEach(found, options.format);
        const bundle = options.format === "stix" ? prescriptionsToStix(distinct(found)) : null;
        const text = bundle
          ? `${JSON.stringify(bundle, null, 1)}\n`
          : exported.flatMap((each) => ("text" in each ? [each.text] : [])).join("");
        if (options.out !== undefined) await writeFileAtomic(options.out, Buffer.from(text), 0o644);
        if (context.json)
          printJson(bundle ? { format: "stix", bundle } : { format: options.format, exported });
        else {
          if (options.out === undefined && text !== "") printLine(text.trimEnd());
          for (const each of exported)
            if ("refused" in each)
              process.stderr.write(`${visible(`${each.id}: refused: ${each.refused}`)}\n`);
        }
        return exported.some((each) => "refused" in each) ? 1 : 0;
      }),
    );
}

/** A prescription that was named twice is one; two of the same id that differ are not. */
function distinct(all: readonly Prescribed[]): Prescribed[] {
  const found = new Map<string, Prescribed>();
  for (const each of all) {
    const { id } = each.prescription;
    const known = found.get(id);
    if (known && JSON.stringify(known.prescription) !== JSON.stringify(each.prescription))
      throw new ThymusError("USAGE", `two different prescriptions are ${id}`, "name one of them");
    if (!known?.recalled) found.set(id, each);
  }
  return [...found.values()];
}

async function prescriptionOf(context: Context, name: string): Promise<Prescribed> {
  if (!PrescriptionId.safeParse(name).success) return { prescription: readPrescription(name) };
  const value = await Api.of(context).request("GET", `/api/v1/prescriptions/${name}`);
  const { prescription, recalled } = parseDocument(PrescriptionDetail, value, "the prescription");
  if (prescription)
    return { prescription, recalled: recalled && { at: new Date(recalled.at), why: recalled.why } };
  throw new ThymusError("NOT_FOUND", `${name} is not published yet`, "see: thymus prescriptions list");
}

function exportEach(found: readonly Prescribed[], format: "yara" | "clamav"): Exported[] {
  const names = found.map(({ prescription }) => /\brule\s+(\w+)/.exec(prescription.detect.rule)?.[1]);
  return found.map(({ prescription }, at): Exported => {
    const { id, family, detect } = prescription;
    if (format === "yara" && names.indexOf(names[at]) < at)
      return { id, refused: "a rule before it has the same name: export it into a file of its own" };
    if (format === "yara")
      return { id, text: `// ${id}, family ${family}, for ${detect.scope.join(", ")}\n${detect.rule}\n` };
    const made = toClamav(`Thymus.${family}.${id}`, detect.rule, detect.scope);
    return "signature" in made ? { id, text: `${made.signature}\n` } : { id, refused: made.refused };
  });
}
