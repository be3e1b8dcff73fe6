/** Fields of a form with files (RFC 7578). */

export interface FormField {
  readonly name: string;
  readonly fileName: string | null;
  readonly content: Buffer;
}

const MAX_FIELDS = 500;

/** Fields in order; what is malformed ends the list. */
export function readForm(contentType: string, body: Buffer): FormField[] {
  const boundary = /boundary="?([^";,]{1,200})"?/i.exec(contentType)?.[1];
  if (!boundary) return [];
  const mark = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let at = body.indexOf(mark);
  while (at >= 0 && fields.length < MAX_FIELDS) {
    const start = at + mark.length;
    if (body.toString("latin1", start, start + 2) === "--") break;
    const headEnd = body.indexOf("\r\n\r\n", start, "latin1");
    const next = body.indexOf(mark, start);
    if (headEnd < 0 || next < 0 || headEnd > next) break;
    const head = body.toString("utf8", start, headEnd);
    const name = /\bname="([^"]*)"/i.exec(head)?.[1];
    const fileName = /\bfilename="([^"]*)"/i.exec(head)?.[1] ?? null;
    // The line break before the boundary belongs to the boundary.
    if (name !== undefined)
      fields.push({ name, fileName, content: body.subarray(headEnd + 4, Math.max(headEnd + 4, next - 2)) });
    at = next;
  }
  return fields;
}
