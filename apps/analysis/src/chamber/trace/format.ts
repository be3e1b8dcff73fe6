/** The kernel describes each of its events in a text (`events/.../format`); this reads records by that description. */

interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** The field holds place and length of a text elsewhere in the record. */
  readonly text: boolean;
}

export interface EventFormat {
  readonly name: string;
  readonly id: number;
  readonly fields: ReadonlyMap<string, Field>;
}

/** Longest text of a record that is kept, in bytes. */
const MAX_TEXT = 4096;
const fieldLine =
  /^\s*field:(?<type>.+?)\s(?<name>[A-Za-z_]\w*)(?<array>\[\d*\])?;\s*offset:(?<offset>\d+);\s*size:(?<size>\d+);\s*signed:(?<signed>[01]);/;

/** Formats by the number that stands at the start of each record. */
export function parseFormats(text: string): Map<number, EventFormat> {
  const formats = new Map<number, EventFormat>();
  for (const part of text.split(/^name: /m).slice(1)) {
    const id = Number(/^ID: (\d+)/m.exec(part)?.[1] ?? Number.NaN);
    if (!Number.isInteger(id)) continue;
    const fields = new Map<string, Field>();
    for (const line of part.split("\n")) {
      const found = fieldLine.exec(line)?.groups;
      if (!found) continue;
      const field: Field = {
        name: found.name!,
        offset: Number(found.offset),
        size: Number(found.size),
        signed: found.signed === "1",
        text: found.type!.startsWith("__data_loc") || found.array !== undefined,
      };
      // An own argument may be called as a common field is; the common one comes first and stays.
      if (!fields.has(field.name)) fields.set(field.name, field);
    }
    formats.set(id, { name: part.split("\n")[0]!.trim(), id, fields });
  }
  return formats;
}

/** Value of a field: a number, a text, or null where the record does not have it whole. */
export function readField(format: EventFormat, record: DataView, name: string): number | string | null {
  const field = format.fields.get(name);
  if (!field || field.offset + field.size > record.byteLength) return null;
  if (field.text) {
    let [from, length] = [field.offset, field.size];
    if (field.size === 4) {
      const place = record.getUint32(field.offset, true);
      [from, length] = [place & 0xffff, place >>> 16];
    }
    if (from + length > record.byteLength) return null;
    const bytes = Buffer.from(record.buffer, record.byteOffset + from, Math.min(length, MAX_TEXT));
    const end = bytes.indexOf(0);
    return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
  }
  switch (field.size) {
    case 1:
      return field.signed ? record.getInt8(field.offset) : record.getUint8(field.offset);
    case 2:
      return field.signed ? record.getInt16(field.offset, true) : record.getUint16(field.offset, true);
    case 4:
      return field.signed ? record.getInt32(field.offset, true) : record.getUint32(field.offset, true);
    case 8:
      return Number(
        field.signed ? record.getBigInt64(field.offset, true) : record.getBigUint64(field.offset, true),
      );
    default:
      return null;
  }
}
