/** What a worker of either kind does with the bytes of one file. */
import { createHash } from "node:crypto";
import type { FileType, Sha256 } from "@thymus/contracts";
import { asThymusError } from "@thymus/contracts/errors";
import { Budget } from "../archives/budget.ts";
import { archiveMembers } from "../archives/members.ts";
import { bundleOf, partsOf } from "../bundle/bundle.ts";
import type { CompiledRules } from "../engine/engine.ts";
import { loadEngine } from "../engine/load.ts";
import { identifyFile } from "../identify/identify.ts";
import { Gates } from "./gates.ts";
import type { JobSettings, ScanTarget, WorkerMessage } from "./protocol.ts";
import { BundleScanner, type FileScan } from "./scan-file.ts";

export class ScanJob {
  readonly #settings: JobSettings;
  readonly #scanner: BundleScanner;

  private constructor(settings: JobSettings, scanner: BundleScanner) {
    this.#settings = settings;
    this.#scanner = scanner;
  }

  /** Takes the compiled forms that came with the settings, else compiles. */
  static async open(settings: JobSettings): Promise<ScanJob> {
    const engine = await loadEngine(settings.engine);
    const options = { timeoutMs: settings.timeoutMs };
    const { own, foreign } = partsOf(settings.bundle);
    const restored = (blob: Uint8Array | null, isForeign: boolean): CompiledRules | null =>
      blob && engine.restore(blob, { ...options, foreign: isForeign });
    const compiled = restored(settings.compiled, false) ?? engine.compile(own.rules, options);
    const others =
      foreign.length === 0
        ? null
        : (restored(settings.foreign, true) ?? engine.compile(foreign, { ...options, foreign: true }));
    const gates = new Gates(bundleOf(own.rules), engine, options);
    // The engine makes what it needs (a thread that holds limits of time) with the first scan: a confined worker could not later.
    for (const rules of [compiled, others]) rules?.scan(new Uint8Array(1));
    return new ScanJob(settings, new BundleScanner(settings.bundle, compiled, gates, others));
  }

  /** @returns what is to be told of the file; nothing where it is clean */
  async scan(bytes: Uint8Array, target: ScanTarget, index: number): Promise<WorkerMessage[]> {
    const name = target.name ?? target.path;
    try {
      const scan = this.#scanner.scan(bytes, target.type, name, target);
      const left = this.#settings.archives ? await this.#scanInside(bytes, name, target, scan) : [];
      return this.#told(bytes, name, target, index, scan, left);
    } catch (thrown) {
      const { message, hint } = asThymusError(thrown);
      return [{ kind: "error", index, code: "TOOL_FAILED", message: `${target.path}: ${message}`, hint }];
    }
  }

  async #scanInside(bytes: Uint8Array, name: string, target: ScanTarget, scan: FileScan): Promise<string[]> {
    const left: string[] = [];
    const budget = new Budget(this.#settings.archives!);
    const onLeft = (path: string, why: string) => {
      if (left.length < 4) left.push(path === "" ? why : `${path}: ${why}`);
    };
    for await (const member of archiveMembers(bytes, name, budget, onLeft)) {
      const inner = this.#scanner.scan(member.bytes, undefined, member.path, target);
      for (const { rule, match } of inner.found) {
        const known = scan.found.some(
          (one) => one.member === member.path && one.rule === rule && one.match.rule === match.rule,
        );
        if (!known) scan.found.push({ rule, match, member: member.path });
      }
    }
    return left;
  }

  #told(
    bytes: Uint8Array,
    name: string,
    target: ScanTarget,
    index: number,
    { type, found, missing }: FileScan,
    left: readonly string[],
  ): WorkerMessage[] {
    const messages: WorkerMessage[] = [];
    if (left.length > 0 || missing !== null) {
      const code = missing?.code ?? "UNREADABLE";
      const message = `${target.path} was not looked into wholly: ${left.length > 0 ? left.join("; ") : missing!.why}`;
      messages.push({ kind: "error", index, code, message, hint: "look at it by hand" });
    }
    if (found.length === 0 && !target.tell) return messages;
    messages.push({
      kind: "hit",
      index,
      sha256: createHash("sha256").update(bytes).digest("hex") as Sha256,
      size: bytes.length,
      type: (type as FileType | null) ?? identifyFile(bytes, name),
      matches: found.map(({ match, member }) => (member === undefined ? match : { ...match, member })),
    });
    return messages;
  }
}
