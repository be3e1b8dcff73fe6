import type { World } from "../chamber/chamber.ts";
import { SeededRandom } from "../chamber/decoys/random.ts";
import { noun } from "../chamber/decoys/words.ts";
import { cloudCredentials } from "./honey/clouds.ts";
import { hostCredentials } from "./honey/hosts.ts";
import { registryCredentials } from "./honey/registries.ts";
import { sshCredentials } from "./honey/ssh.ts";
import { browsers, wallets } from "./honey/valuables.ts";
import { makeOffer } from "./packages/offer.ts";
import { join, plain } from "./part.ts";
import { shellHistory } from "./user/history.ts";
import { homeFiles } from "./user/home.ts";
import { repositories } from "./user/repositories.ts";

/**
 * The world around a sample: a user with secrets, and a registry with packages that this user may publish. The seed
 * decides all of it; who knows the seed knows the secrets, so it must be random and used for one run only.
 */
export async function createWorld(seed: string): Promise<World> {
  const random = new SeededRandom(`world ${seed}`);
  const people = random.fork("people");
  const account = `sam-${noun(people)}${people.between(10, 99)}`;
  const domain = `${noun(people)}-${noun(people)}.example`;
  const hosts = ["www", "db", "build", "files"].map((name) => `${name}.${domain}`);
  const sites = Array.from({ length: 4 }, () => `${noun(people)}${noun(people)}.example`);

  const registries = registryCredentials(random.fork("registries"));
  const work = repositories(random.fork("repositories"), account, hosts);
  const offer = makeOffer(random.fork("packages"), account);
  const folders = [work.service, work.job, ...offer.folders, "Documents"];
  const { files, honey } = join(
    registries,
    cloudCredentials(random.fork("clouds")),
    sshCredentials(random.fork("ssh"), hosts),
    hostCredentials(random.fork("hosts"), account, hosts),
    wallets(random.fork("wallets")),
    browsers(random.fork("browsers"), sites),
    shellHistory(random.fork("history"), folders, hosts),
    work,
    plain(...homeFiles(random.fork("home"), { account, domain, jobFolder: work.job })),
    plain(...offer.files),
  );
  return {
    files,
    honey,
    packages: offer.packages,
    tokens: {
      [registries.tokens.npm]: { ecosystem: "npm", account },
      [registries.tokens.pypi]: { ecosystem: "pypi", account },
    },
  };
}
