// @ts-check
/**
 * @typedef {{ type?: string, $ref?: string, description?: string, default?: unknown, minimum?: number, maximum?: number,
 *   exclusiveMinimum?: number, enum?: string[], items?: Field, properties?: Record<string, Field>,
 *   $defs?: Record<string, Field> }} Field
 */

/**
 * docs/guide/configuration.md, from the JSON Schema of the configuration.
 * @param {Record<string, unknown>} schema
 */
export function configurationPage(schema) {
  const root = /** @type {Field} */ (schema);
  const resolved = (/** @type {Field} */ field) =>
    field.$ref ? { ...root.$defs?.[field.$ref.replace("#/$defs/", "")], ...field } : field;
  const sections = Object.entries(resolved(root).properties ?? {}).map(([name, section]) => {
    const fields = Object.entries(resolved(section).properties ?? {}).map(([key, field]) => {
      const { description = "", default: standard, ...rest } = resolved(field);
      return `| \`${key}\` | ${kindOf(rest)} | \`${JSON.stringify(standard)}\` | ${description} |`;
    });
    return [
      `## [${name}]`,
      "",
      `${sentence(resolved(section).description ?? "")}`,
      "",
      "| field | kind | default | meaning |",
      "| --- | --- | --- | --- |",
      ...fields,
    ].join("\n");
  });
  return `${[intro, ...sections].join("\n\n")}\n`;
}

const intro = `# Configuration

<!-- Written by: npx node scripts/generate.mjs. Change packages/contracts/src/config.ts instead. -->

Thymus needs no configuration. To change something, write \`thymus.toml\` into the data folder, or name another file with
\`--config FILE\`. Leave out what you do not change. A field that does not exist is refused with its place, so a
spelling mistake cannot pass unnoticed. Options of a command win over the file.

    [agent]
    watch = ["/srv/tools", "/home/build/bin"]

    [policy]
    rollout = "propose"`;

/** @param {Field} field */
function kindOf(field) {
  if (field.enum) return field.enum.map((value) => `\`"${value}"\``).join(", ");
  if (field.type === "array") return "list of absolute paths";
  const least =
    field.exclusiveMinimum !== undefined
      ? `above ${field.exclusiveMinimum}`
      : field.minimum !== undefined
        ? `from ${field.minimum}`
        : "";
  const most =
    field.maximum !== undefined && field.maximum < Number.MAX_SAFE_INTEGER ? `to ${field.maximum}` : "";
  const word =
    field.type === "integer" ? "whole number" : field.type === "string" ? "text" : (field.type ?? "");
  return [word, least, most].filter(Boolean).join(" ");
}

/** @param {string} text */
function sentence(text) {
  return text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
