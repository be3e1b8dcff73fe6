/** In which order a person would try what lies in a folder. */
import type { LaidFile } from "../archive/layout.ts";

/** Names that say: start me. */
const inviting =
  /^(install|setup|run|start|launch|autorun|update|upgrade|main|index|app|init|bootstrap|deploy|configure)(\.(sh|py|js|cjs|mjs|pl|php|bin|run|elf|desktop))?$/i;
const aside =
  /(^|\/)(tests?|docs?|examples?|samples?|node_modules|site-packages|\.git|\.github|man|locale|include|licenses?)\//i;

/** Higher is earlier. `kind` is what the file was found to be; `folder` the name of the archive's folder. */
export function likelihood(file: LaidFile, kind: string, folder: string): number {
  const name = file.path.replace(/^.*\//, "");
  const parts = file.path.split("/").length;
  let score = 0;
  if (inviting.test(name)) score += 40;
  if (file.mode & 0o111) score += 30;
  if (/program$/.test(kind)) score += 15;
  if (/desktop entry/.test(kind)) score += 25;
  if (/shared object/.test(kind)) score -= 40;
  if (/cron table|systemd unit/.test(kind)) score -= 10;
  if (/command lines/.test(kind)) score -= 15;
  if (name.replace(/\.\w+$/, "").toLowerCase() === folder.toLowerCase()) score += 20;
  if (/(^|\/)s?bin\/[^/]+$/.test(file.path)) score += 10;
  if (aside.test(file.path)) score -= 35;
  if (/^(lib|_)/.test(name) || /\.d\.[cm]?ts$/.test(name)) score -= 10;
  return score - parts * 3;
}
