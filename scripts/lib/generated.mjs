// @ts-check
import { jsonSchemaFiles, jsonSchemaOf } from "../../packages/contracts/src/json-schema.ts";
import { configurationPage } from "./configuration-page.mjs";

/** Folder in which everything is generated, so that a file without a source is noticed. */
export const schemaFolder = "packages/contracts/schemas";

/**
 * Every file of the project that is written from the contracts, by its path in the clone. Needs the pinned Node.
 * @returns {Map<string, string>}
 */
export function generatedFiles() {
  const schemas = jsonSchemaFiles().map(
    ({ file, text }) => /** @type {const} */ ([`${schemaFolder}/${file}`, text]),
  );
  return new Map([...schemas, ["docs/guide/configuration.md", configurationPage(jsonSchemaOf("Config"))]]);
}
