import { isUtf8 } from "node:buffer";
import type { FileType } from "@thymus/contracts";

const extensions: Readonly<Record<string, FileType>> = {
  sh: "shell",
  bash: "shell",
  ksh: "shell",
  zsh: "shell",
  py: "python",
  pyw: "python",
  js: "node",
  mjs: "node",
  cjs: "node",
  pl: "perl",
  pm: "perl",
  php: "php",
  phtml: "php",
};

/** The type of a text by its name, or null where the name says nothing. */
export function typeByExtension(name: string | undefined): FileType | null {
  const extension = /\.([a-z]+)$/i.exec(name ?? "")?.[1]?.toLowerCase();
  return (extension && Object.hasOwn(extensions, extension) ? extensions[extension] : null) ?? null;
}

/** Share of bytes above 0x7f up to which an old 8-bit encoding is still taken for text. */
const MAX_HIGH_SHARE = 0.3;

/** Text: no control byte other than white space, backspace and escape, and UTF-8 or mostly ASCII. */
export function looksLikeText(head: Uint8Array): boolean {
  let high = 0;
  for (const byte of head) {
    if (byte >= 0x80) high++;
    else if (byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b) return false;
  }
  return high === 0 || isUtf8(wholeCharacters(head)) || high / head.length < MAX_HIGH_SHARE;
}

/** Without a last UTF-8 character that the end of the head may have cut. */
function wholeCharacters(head: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(4, head.length); back++) {
    const byte = head[head.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return head.subarray(0, head.length - back);
  }
  return head;
}
