/** Runs for tests: a world's packages, and what somebody published of them. */

import { openPackage } from "@thymus/repair";
import { type listPackageWorms, releaseInDen } from "@thymus/testkit/packages";
import type { RegistryPackage } from "../../chamber/chamber.ts";
import { fakeSelf } from "../../infection/testing/fake-self.ts";
import { createWorld, packNpm, type TreeFile } from "../../world/index.ts";
import { filesOf, latestClean } from "../pair.ts";
import type { PublishedRun } from "../published.ts";

export type RunName = PublishedRun["name"];
export type WormId = ReturnType<typeof listPackageWorms>[number]["id"];

interface Registry {
  readonly packages: readonly RegistryPackage[];
  readonly latest: readonly RegistryPackage[];
  readonly token: string;
  readonly account: string;
  readonly secrets: readonly string[];
}

export async function registryOf(seed: string): Promise<Registry> {
  const { packages, tokens, honey } = await createWorld(seed);
  const [token, { account }] = Object.entries(tokens).find(([, owner]) => owner.ecosystem === "npm")!;
  const latest = [...latestClean(packages).values()];
  return { packages, latest, token, account, secrets: honey.flatMap(({ needles }) => needles) };
}

/** A drill worm let loose in a sandbox among the packages of a world. */
export async function wormRun(id: WormId, name: RunName): Promise<PublishedRun> {
  const { packages, latest, token, account, secrets } = await registryOf(`${id} ${name}`);
  const { published, status, said } = releaseInDen(id, {
    account,
    token,
    packages: latest.map((each) => ({
      name: each.name,
      version: each.version,
      content: each.file.content,
      owner: each.owners.includes(account),
    })),
  });
  if (status !== 0) throw new Error(`the worm ended with ${status}: ${said}`);
  return { name, published, packages, secrets };
}

export interface HostPackage {
  readonly name: string;
  readonly version: string;
  readonly manifest: Record<string, unknown>;
  readonly files: Map<string, string>;
  readonly token: string;
  readonly index: number;
}

/** A publish of each package that the account owns, with what `change` makes of it; null leaves it alone. */
export async function madeRun(
  name: RunName,
  change: (host: HostPackage) => { version: string; files: Map<string, string> } | null,
): Promise<PublishedRun> {
  const { packages, latest, token, account, secrets } = await registryOf(`made ${name}`);
  const published = latest
    .filter(({ owners }) => owners.includes(account))
    .flatMap((each, index) => {
      const files = new Map(
        [...filesOf(openPackage(each.file.content))].map(([path, bytes]) => [
          path,
          Buffer.from(bytes).toString(),
        ]),
      );
      const manifest = JSON.parse(files.get("package.json")!) as Record<string, unknown>;
      const changed = change({ name: each.name, version: each.version, manifest, files, token, index });
      return changed ? [{ name: each.name, version: changed.version, content: pack(changed.files) }] : [];
    });
  return { name, published, packages, secrets };
}

export function pack(files: ReadonlyMap<string, string>): Uint8Array {
  return packNpm([...files].map(([path, text]): TreeFile => ({ path, content: Buffer.from(text) })));
}

export const up = (version: string) => version.replace(/\d+$/, (patch) => String(Number(patch) + 1));

/** Self of tests: the texts of every clean package of a world of its own. */
export async function smallSelf() {
  const { latest } = await registryOf("self");
  return fakeSelf(latest.flatMap(({ file }) => [...filesOf(openPackage(file.content)).values()]));
}
