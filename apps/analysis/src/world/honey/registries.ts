import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { join, type Part, secret } from "../part.ts";
import { checkedToken, pypiToken } from "./tokens.ts";

export interface RegistryTokens {
  readonly npm: string;
  readonly pypi: string;
}

/** Tokens with which the user publishes packages. */
export function registryCredentials(random: SeededRandom): Part & { readonly tokens: RegistryTokens } {
  const tokens = { npm: checkedToken(random, "npm"), pypi: pypiToken(random) };
  const part = join(
    secret(
      "npm-token",
      ".npmrc",
      `//registry.npmjs.org/:_authToken=${tokens.npm}\nfund=false\ninit-license=MIT\nsave-exact=true\n`,
      [tokens.npm],
    ),
    secret(
      "pypi-token",
      ".pypirc",
      `[distutils]\nindex-servers =\n    pypi\n\n[pypi]\nusername = __token__\npassword = ${tokens.pypi}\n`,
      [tokens.pypi],
    ),
  );
  return { ...part, tokens };
}
