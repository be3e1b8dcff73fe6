/** One record of a class with its fields by name. */
import { type EventFormat, readField } from "./format.ts";

export interface Values {
  text(name: string): string;
  /** 0 where the record does not have the field. */
  number(name: string): number;
  /** A field of eight bytes as it lies in memory. */
  bytes(name: string): Uint8Array;
  has(name: string): boolean;
}

export function valuesOf(format: EventFormat, data: DataView): Values {
  const read = (name: string) => readField(format, data, name);
  return {
    text: (name) => {
      const value = read(name);
      return typeof value === "string" && value !== "(fault)" ? value : "";
    },
    number: (name) => {
      const value = read(name);
      return typeof value === "number" ? value : 0;
    },
    bytes: (name) => {
      const field = format.fields.get(name);
      if (!field || field.offset + 8 > data.byteLength) return new Uint8Array(8);
      return new Uint8Array(data.buffer, data.byteOffset + field.offset, 8);
    },
    has: (name) => format.fields.has(name),
  };
}
