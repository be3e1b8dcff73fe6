/** Every piece of work of the day, in its order; a new one is a file and a line here. */
import type { Work } from "../work.ts";
import { administration, releases } from "./administration.ts";
import { backups, rsync } from "./backups.ts";
import { containers } from "./containers.ts";
import { postgres, sqlite } from "./databases.ts";
import { archives, office, pictures } from "./documents.ts";
import { editors, vim } from "./editors.ts";
import { git } from "./git.ts";
import { logs } from "./logs.ts";
import { make } from "./make.ts";
import { npm } from "./npm.ts";
import { packages } from "./packages.ts";
import { python } from "./python.ts";
import { sweeps } from "./sweeps.ts";
import { typescript } from "./typescript.ts";

export const works: readonly Work[] = [
  packages,
  git,
  make,
  typescript,
  npm,
  python,
  editors,
  vim,
  sweeps,
  office,
  pictures,
  archives,
  logs,
  sqlite,
  postgres,
  containers,
  backups,
  rsync,
  administration,
  releases,
];
