import { zipStored } from "./zip-stored.ts";

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const relations = "http://schemas.openxmlformats.org/package/2006/relationships";
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const types = "http://schemas.openxmlformats.org/package/2006/content-types";
const quoted = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const part = (name: string, text: string) => ({ name, content: Buffer.from(text) });

function opened(target: string, mime: string, parts: { name: string; content: Buffer }[]): Buffer {
  return zipStored([
    part(
      "[Content_Types].xml",
      `${head}<Types xmlns="${types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${target}" ContentType="${mime}"/>${
        target.startsWith("xl/")
          ? '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
          : ""
      }</Types>`,
    ),
    part(
      "_rels/.rels",
      `${head}<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/officeDocument" Target="${target}"/></Relationships>`,
    ),
    ...parts,
  ]);
}

/** A text document of ECMA-376 with one paragraph for each line. */
export function docx(lines: readonly string[]): Buffer {
  const body = lines
    .map((line) => `<w:p><w:r><w:t xml:space="preserve">${quoted(line)}</w:t></w:r></w:p>`)
    .join("");
  const xml = `${head}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`;
  return opened(
    "word/document.xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    [part("word/document.xml", xml)],
  );
}

/** A workbook of ECMA-376 with one sheet. */
export function xlsx(rows: readonly (readonly (string | number)[])[]): Buffer {
  const cell = (value: string | number) =>
    typeof value === "number"
      ? `<c><v>${value}</v></c>`
      : `<c t="inlineStr"><is><t>${quoted(value)}</t></is></c>`;
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const sheet = `${head}<worksheet xmlns="${main}"><sheetData>${rows.map((row) => `<row>${row.map(cell).join("")}</row>`).join("")}</sheetData></worksheet>`;
  return opened(
    "xl/workbook.xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    [
      part(
        "xl/workbook.xml",
        `${head}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      ),
      part(
        "xl/_rels/workbook.xml.rels",
        `${head}<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
      ),
      part("xl/worksheets/sheet1.xml", sheet),
    ],
  );
}

/** A text of OpenDocument 1.2; its type comes first, uncompressed (part 3, section 3.3). */
export function odt(lines: readonly string[]): Buffer {
  const name = "urn:oasis:names:tc:opendocument:xmlns";
  const mime = "application/vnd.oasis.opendocument.text";
  const body = lines.map((line) => `<text:p>${quoted(line)}</text:p>`).join("");
  return zipStored([
    part("mimetype", mime),
    part(
      "content.xml",
      `${head}<office:document-content xmlns:office="${name}:office:1.0" xmlns:text="${name}:text:1.0" office:version="1.2"><office:body><office:text>${body}</office:text></office:body></office:document-content>`,
    ),
    part(
      "META-INF/manifest.xml",
      `${head}<manifest:manifest xmlns:manifest="${name}:manifest:1.0" manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="${mime}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`,
    ),
  ]);
}
