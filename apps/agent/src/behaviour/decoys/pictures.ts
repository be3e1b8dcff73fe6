import { crc32, deflateSync } from "node:zlib";

/** Brightness (0 to 255) at a place of a made-up picture. */
export type Shade = (x: number, y: number) => number;

/** A grey picture as PNG (RFC 2083). */
export function png(width: number, height: number, shade: Shade): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = shade(x, y) & 255;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * A grey picture as baseline JPEG (ITU-T T.81): blocks of eight by eight pixels of one brightness each, so that only the first
 * coefficient is written. The Huffman table for it gives each of the twelve size classes a code of four bits.
 */
export function jpeg(columns: number, rows: number, shade: Shade): Buffer {
  const marker = (code: number, data: number[]) => [
    0xff,
    code,
    (data.length + 2) >> 8,
    (data.length + 2) & 255,
    ...data,
  ];
  const classes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const lengths = (code: number) => Array.from({ length: 16 }, (_, at) => (at === code ? 1 : 0));
  const four = Array.from({ length: 16 }, (_, at) => (at === 3 ? classes.length : 0));
  const head = [
    ...[0xff, 0xd8],
    ...marker(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...marker(0xdb, [0, ...Array.from({ length: 64 }, () => 8)]),
    ...marker(0xc0, [
      8,
      (rows * 8) >> 8,
      (rows * 8) & 255,
      (columns * 8) >> 8,
      (columns * 8) & 255,
      1,
      1,
      0x11,
      0,
    ]),
    ...marker(0xc4, [0x00, ...four, ...classes]),
    ...marker(0xc4, [0x10, ...lengths(0), 0]),
    ...marker(0xda, [1, 1, 0, 0, 63, 0]),
  ];
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let at = count - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  let before = 0;
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const now = (shade(x, y) & 255) - 128;
      const difference = now - before;
      before = now;
      const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
      put(size, 4);
      put(difference < 0 ? difference + (1 << size) - 1 : difference, size);
      put(0, 1); // end of block: the only code of its table
    }
  while (bits.length % 8 !== 0) bits.push(1);
  const data: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = bits.slice(at, at + 8).reduce((sum, bit) => sum * 2 + bit, 0);
    data.push(byte);
    if (byte === 0xff) data.push(0);
  }
  return Buffer.from([...head, ...data, 0xff, 0xd9]);
}
