/** What the admin server knows: cases, prescriptions, policy. All through the documented API. */
import {
  Case,
  CaseList,
  Level,
  Policy,
  PrescriptionList,
  type PrescriptionView,
  parseDocument,
  ThymusError,
} from "@thymus/contracts";
import type { Command } from "commander";
import { Api } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, printTable, visible } from "../output.ts";
import { registerExport } from "./export.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

function showJson(context: Context, value: unknown): number {
  printLine(JSON.stringify(value, null, context.json ? 0 : 2));
  return 0;
}

/** One word after the verb that posts to the server. */
function decision(parent: Command, name: string, description: string, path: (id: string) => string): void {
  withGlobals(parent.command(name))
    .description(description)
    .argument("<id>")
    .option("--why <text>", "reason for the history", "by command line")
    .action(
      acting<{ why: string }>(async (context, options, [id]) => {
        const answer = await Api.of(context).request("POST", path(encodeURIComponent(id!)), {
          why: options.why,
        });
        if (context.json) printJson(answer);
        else printLine(`${id}: done`);
        return 0;
      }),
    );
}

export const registerCases: Register = (program) => {
  const cases = program.command("cases").description("suspicions on their way through the loop");
  withGlobals(cases.command("list"))
    .description("list cases, newest first")
    .option("--stage <stage>", "only those at this stage")
    .action(
      acting<{ stage?: string }>(async (context, options) => {
        const query = options.stage ? `?stage=${encodeURIComponent(options.stage)}` : "";
        const value = await Api.of(context).request("GET", `/api/v1/cases${query}`);
        const list = parseDocument(CaseList, value, "the list of cases").cases;
        if (context.json) printJson(list);
        else if (list.length === 0) printLine("no cases");
        else
          printTable(
            ["CASE", "STAGE", "OUTCOME", "VERDICT", "FAMILY", "SAMPLE", "OPENED"],
            list.map((item) => [
              item.id,
              item.stage,
              item.outcome ?? "-",
              item.verdict ?? "-",
              item.family ?? "-",
              item.sample.name,
              item.opened,
            ]),
          );
        return 0;
      }),
    );
  withGlobals(cases.command("show"))
    .description("one case with its history")
    .argument("<id>")
    .action(
      acting(async (context, _options, [id]) => {
        const value = await Api.of(context).request("GET", `/api/v1/cases/${encodeURIComponent(id!)}`);
        if (context.json) return showJson(context, value);
        const item = parseDocument(Case, value, "the case");
        printLine(
          `${item.id}  ${item.stage}${item.outcome ? ` (${item.outcome})` : ""}  ${item.verdict ?? "no verdict yet"}`,
        );
        printLine(`sample ${visible(item.sample.name)}  ${item.sample.sha256}  ${item.sample.size} bytes`);
        if (item.fleet)
          printLine(`a file of packages on ${item.fleet.machines} of ${item.fleet.of} machines that tell`);
        if (item.why) printLine(visible(item.why));
        for (const event of item.history)
          printLine(`  ${event.at}  ${event.stage.padEnd(10)} ${visible(event.what)}`);
        return 0;
      }),
    );
  decision(
    cases,
    "approve",
    "let a case that waits for a person go on",
    (id) => `/api/v1/cases/${id}/approve`,
  );
  decision(cases, "reject", "end a case that waits for a person", (id) => `/api/v1/cases/${id}/reject`);
};

/** e.g. `active (patient), replaces rx-one`, `replaced by rx-two`. */
function stateInWords(
  state: PrescriptionView["state"],
  scope: PrescriptionView["scope"],
  by: string | null,
  replaces: readonly string[],
): string {
  if (state === "replaced") return `replaced by ${by}`;
  const given = scope === "all" || state === "recalled" ? state : `${state} (${scope})`;
  return replaces.length > 0 ? `${given}, replaces ${replaces.join(" ")}` : given;
}

export const registerPrescriptions: Register = (program) => {
  const prescriptions = program.command("prescriptions").description("what was proved and published");
  withGlobals(prescriptions.command("list"))
    .description("list prescriptions")
    .action(
      acting(async (context) => {
        const value = await Api.of(context).request("GET", "/api/v1/prescriptions");
        const list = parseDocument(PrescriptionList, value, "the list of prescriptions").prescriptions;
        if (context.json) printJson(list);
        else if (list.length === 0) printLine("no prescriptions");
        else
          printTable(
            ["PRESCRIPTION", "STATE", "FAMILY", "FRESH DETECTED", "FRESH REPAIRED", "GOODWARE HITS"],
            list.map(({ id, state, scope, family, proof, replaced, replaces }) => [
              id,
              stateInWords(state, scope, replaced?.by ?? null, replaces),
              family ?? "-",
              proof?.programs
                ? `${proof.programs.detected}/${proof.programs.samples} (sample)`
                : proof
                  ? `${proof.decoys.freshDetected}/${proof.decoys.freshInfected}`
                  : "-",
              proof && !proof.programs ? `${proof.decoys.freshRepaired}/${proof.decoys.freshInfected}` : "-",
              proof ? `${proof.goodware.matches}/${proof.goodware.files}` : "-",
            ]),
          );
        return 0;
      }),
    );
  withGlobals(prescriptions.command("show"))
    .description("one prescription as JSON")
    .argument("<id>")
    .action(
      acting(async (context, _options, [id]) =>
        showJson(
          context,
          await Api.of(context).request("GET", `/api/v1/prescriptions/${encodeURIComponent(id!)}`),
        ),
      ),
    );
  registerExport(prescriptions);
  decision(
    prescriptions,
    "recall",
    "withdraw a prescription and undo what it did everywhere",
    (id) => `/api/v1/prescriptions/${id}/recall`,
  );
};

export const registerPolicy: Register = (program) => {
  const policy = program.command("policy").description("what runs alone and what asks");
  withGlobals(policy.command("show"))
    .description("the levels of control")
    .action(
      acting(async (context) => {
        const value = parseDocument(
          Policy,
          await Api.of(context).request("GET", "/api/v1/policy"),
          "the policy",
        );
        if (context.json) printJson(value);
        else for (const [stage, level] of Object.entries(value)) printLine(`${stage.padEnd(8)} ${level}`);
        return 0;
      }),
    );
  withGlobals(policy.command("set"))
    .description("set a stage's level: submit, repair or rollout to observe, propose or automatic")
    .argument("<stage>")
    .argument("<level>")
    .action(
      acting(async (context, _options, [stage, level]) => {
        const api = Api.of(context);
        const current = parseDocument(Policy, await api.request("GET", "/api/v1/policy"), "the policy");
        if (!(stage! in current))
          throw new ThymusError(
            "USAGE",
            `there is no stage ${stage}`,
            `use ${Object.keys(current).join(", ")}`,
          );
        if (!Level.safeParse(level).success)
          throw new ThymusError("USAGE", `there is no level ${level}`, `use ${Level.options.join(", ")}`);
        const set = await api.request("PUT", "/api/v1/policy", { ...current, [stage!]: level });
        if (context.json) printJson(set);
        else printLine(`${stage} ${level}`);
        return 0;
      }),
    );
};
