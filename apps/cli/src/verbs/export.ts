import { toClamav } from "@thymus/analysis";
import {
  type Prescription,
  PrescriptionDetail,
  PrescriptionId,
  parseDocument,
  ThymusError,
} from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { type Command, Option } from "commander";
import { Api } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, visible } from "../output.ts";
import { readPrescription } from "../rules.ts";
import { acting, withGlobals } from "./verb.ts";

interface Options {
  format: "yara" | "clamav";
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
      new Option("--format <format>", "yara: for YARA-X and YARA 4; clamav: logical signatures (.ldb)")
        .choices(["yara", "clamav"])
        .makeOptionMandatory(),
    )
    .option("--out <file>", "write there instead of standard output")
    .addHelpText(
      "after",
      "\nExit status: 0 all were exported, 1 some cannot be said in that format, 2 error.",
    )
    .action(
      acting<Options>(async (context, options, named) => {
        const found: Prescription[] = [];
        for (const name of named) found.push(await prescriptionOf(context, name));
        const names = found.map(({ detect }) => /\brule\s+(\w+)/.exec(detect.rule)?.[1]);
        const exported = found.map(
          (each, at): Exported =>
            options.format === "yara" && names.indexOf(names[at]) < at
              ? {
                  id: each.id,
                  refused: "a rule before it has the same name: export it into a file of its own",
                }
              : exportOne(each, options.format),
        );
        const text = exported.flatMap((each) => ("text" in each ? [each.text] : [])).join("");
        if (options.out !== undefined) await writeFileAtomic(options.out, Buffer.from(text), 0o644);
        if (context.json) printJson({ format: options.format, exported });
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

async function prescriptionOf(context: Context, name: string): Promise<Prescription> {
  if (!PrescriptionId.safeParse(name).success) return readPrescription(name);
  const value = await Api.of(context).request("GET", `/api/v1/prescriptions/${name}`);
  const { prescription } = parseDocument(PrescriptionDetail, value, "the prescription");
  if (prescription) return prescription;
  throw new ThymusError("NOT_FOUND", `${name} is not published yet`, "see: thymus prescriptions list");
}

function exportOne({ id, family, detect }: Prescription, format: Options["format"]): Exported {
  if (format === "yara")
    return { id, text: `// ${id}, family ${family}, for ${detect.scope.join(", ")}\n${detect.rule}\n` };
  const made = toClamav(`Thymus.${family}.${id}`, detect.rule, detect.scope);
  return "signature" in made ? { id, text: `${made.signature}\n` } : { id, refused: made.refused };
}
