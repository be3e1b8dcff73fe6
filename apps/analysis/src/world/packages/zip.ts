/** Zip files as a Python wheel is one (PKWARE APPNOTE, without extensions): deflated, one fixed date. */
import { crc32, deflateRawSync } from "node:zlib";
import type { TreeFile } from "../part.ts";

/** 1980-01-01, the first day that the format knows. */
const [DATE, TIME] = [0x21, 0];
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];

/** Fields of 2 or 4 bytes, little-endian. */
function fields(...list: readonly (readonly [width: 2 | 4, value: number])[]): Buffer {
  const bytes = Buffer.alloc(list.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of list) at = bytes.writeUIntLE(value, at, width);
  return bytes;
}

/** An archive of these files in their order. */
export function zip(files: readonly TreeFile[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.path);
    const packed = deflateRawSync(file.content);
    const common = fields(
      [2, 20],
      [2, 0],
      [2, 8],
      [2, TIME],
      [2, DATE],
      [4, crc32(file.content)],
      [4, packed.length],
      [4, file.content.length],
      [2, name.length],
      [2, 0],
    );
    const mode = ((file.executable ? 0o100755 : 0o100644) << 16) >>> 0;
    central.push(
      fields([4, CENTRAL], [2, (3 << 8) | 20]),
      common,
      fields([2, 0], [2, 0], [2, 0], [4, mode], [4, offset]),
      name,
    );
    const whole = [fields([4, LOCAL]), common, name, packed];
    local.push(...whole);
    offset += whole.reduce((sum, part) => sum + part.length, 0);
  }
  const directory = Buffer.concat(central);
  const [count, size] = [files.length, directory.length];
  const end = fields([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  return Buffer.concat([...local, directory, end]);
}
