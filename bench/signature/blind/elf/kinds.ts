import type { BlindKind } from "../kind.ts";
import { appendKinds } from "./append.ts";
import { caveKinds } from "./cave.ts";
import { encodedKinds } from "./encoded.ts";
import { hijackKinds } from "./hijack.ts";
import { insertKinds } from "./insert.ts";
import { moveKinds } from "./move.ts";
import { overwriteKinds } from "./overwrite.ts";
import { prependKinds } from "./prepend.ts";
import { sectionKinds } from "./section.ts";
import { tailKinds } from "./tail.ts";

export const elfKinds: readonly BlindKind[] = [
  ...prependKinds,
  ...moveKinds,
  ...appendKinds,
  ...encodedKinds,
  ...insertKinds,
  ...caveKinds,
  ...sectionKinds,
  ...hijackKinds,
  ...tailKinds,
  ...overwriteKinds,
];
