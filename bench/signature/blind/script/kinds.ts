import type { BlindKind } from "../kind.ts";
import { encodedScripts } from "./encoded.ts";
import { hiddenKinds } from "./hidden.ts";
import { hostScripts } from "./host.ts";
import { overwriteScripts } from "./overwrite.ts";
import { plainKinds } from "./plain.ts";
import { variedKinds } from "./varied.ts";

export const scriptKinds: readonly BlindKind[] = [
  ...plainKinds,
  ...variedKinds,
  ...encodedScripts,
  ...hostScripts,
  ...hiddenKinds,
  ...overwriteScripts,
];
