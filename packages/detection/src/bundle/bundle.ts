import type { Family, FileType, Prescription, PrescriptionId } from "@thymus/contracts";
import { ThymusError } from "@thymus/contracts/errors";
import { sourcesDigest } from "../engine/cache.ts";
import type { RuleMatch, RuleSource } from "../engine/engine.ts";

/** One source of a bundle, and what its matches mean. Plain data: it can be sent to a worker thread. */
export interface BundleRule extends RuleSource {
  /** Types of files that its matches count in, or null for all. */
  readonly scope: readonly FileType[] | null;
  readonly prescription: PrescriptionId | null;
  readonly family: Family | null;
  /** Prescriptions whose matches do not count in a file in which this rule matches too. */
  readonly replaces?: readonly PrescriptionId[];
  /** A rule file of other people, taken as it is: compiled with what their tools define, and never acted upon. */
  readonly foreign?: true;
}

export interface RuleBundle {
  /** SHA-256 over namespaces and sources, as hex. */
  readonly digest: string;
  readonly rules: readonly BundleRule[];
}

/**
 * The detections of prescriptions; the namespace of each is the prescription's id.
 * @throws ThymusError CONFLICT where two have the same id
 */
export function createBundle(prescriptions: readonly Prescription[]): RuleBundle {
  const ids = new Set(prescriptions.map(({ id }) => id));
  if (ids.size !== prescriptions.length) {
    throw new ThymusError("CONFLICT", "two prescriptions have the same id", "give each prescription once");
  }
  return bundleOf(
    prescriptions.map(({ id, family, detect, replaces }) => ({
      namespace: id,
      source: detect.rule,
      scope: detect.scope,
      prescription: id,
      family,
      ...(replaces ? { replaces } : {}),
    })),
  );
}

/** Plain rule files: they count in files of every type (or of `scope`) and belong to no prescription. */
export function bundleSources(
  sources: readonly RuleSource[],
  scope: readonly FileType[] | null = null,
): RuleBundle {
  return bundleOf(
    sources.map(({ namespace, source }) => ({ namespace, source, scope, prescription: null, family: null })),
  );
}

/** A bundle of rules of any origin. */
export function bundleOf(rules: readonly BundleRule[]): RuleBundle {
  return { digest: sourcesDigest(rules), rules };
}

/** The rules that are compiled together: those of this project's kind, and those of other people. */
export function partsOf(bundle: RuleBundle): { own: RuleBundle; foreign: readonly BundleRule[] } {
  const foreign = bundle.rules.filter((rule) => rule.foreign);
  if (foreign.length === 0) return { own: bundle, foreign };
  return { own: { ...bundle, rules: bundle.rules.filter((rule) => !rule.foreign) }, foreign };
}

/** The scopes of a bundle, looked up by namespace. */
export class BundleScope {
  readonly #rules: ReadonlyMap<string, BundleRule>;
  readonly #types: ReadonlySet<FileType> | null;

  constructor(bundle: RuleBundle) {
    this.#rules = new Map(bundle.rules.map((rule) => [rule.namespace, rule]));
    this.#types = bundle.rules.some(({ scope }) => scope === null)
      ? null
      : new Set(bundle.rules.flatMap(({ scope }) => scope ?? []));
  }

  /** Whether the type of a file matters at all. */
  get limited(): boolean {
    return [...this.#rules.values()].some(({ scope }) => scope !== null);
  }

  /** Ids of the prescriptions that another one replaces, also over several steps within the bundle. */
  replacedBy(prescription: PrescriptionId): ReadonlySet<PrescriptionId> {
    const all = new Set<PrescriptionId>();
    const add = (id: PrescriptionId) => {
      for (const old of this.#rules.get(id)?.replaces ?? []) {
        if (old === prescription || all.has(old)) continue;
        all.add(old);
        add(old);
      }
    };
    add(prescription);
    return all;
  }

  /** False where no rule of the bundle applies to files of this type. */
  mayMatch(type: FileType): boolean {
    return this.#types === null || this.#types.has(type);
  }

  /** The rule source that a match belongs to, whether it counts or not. */
  sourceOf(match: RuleMatch): BundleRule | null {
    return this.#rules.get(match.namespace) ?? null;
  }

  /** The rule source that a match belongs to, if the match counts in a file of this type. */
  ruleOf(match: RuleMatch, type: FileType): BundleRule | null {
    const rule = this.#rules.get(match.namespace);
    return rule && (rule.scope === null || rule.scope.includes(type)) ? rule : null;
  }
  /**
   * The same for a match in a package's member: its rule must be for packages, and for files of the member's type unless it
   * is for packages only.
   */
  ruleInPackage(match: RuleMatch, member: FileType): BundleRule | null {
    const rule = this.ruleOf(match, "npm");
    if (!rule?.scope || rule.scope.length === 1) return rule;
    return rule.scope.includes(member) ? rule : null;
  }
}
