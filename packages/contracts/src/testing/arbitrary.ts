import fc from "fast-check";

/** The words of JSON Schema that our documents use. */
interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  items?: Schema;
  prefixItems?: Schema[];
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  propertyNames?: Schema;
  additionalProperties?: boolean | Schema;
}

/** Beyond this depth a choice takes its first, plainest branch, so that recursion ends. */
const MAX_DEPTH = 8;

/** Documents that a schema of `jsonSchemaOf` describes. Made from the exported schema, so it tests that as well. */
export function documentsOf(root: Record<string, unknown>): fc.Arbitrary<unknown> {
  return build(root as Schema, root as Schema, 0);
}

function build(schema: Schema, root: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.$ref) return build(deref(schema, root), root, depth);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const open = depth < MAX_DEPTH ? choices : choices.slice(0, 1);
    return fc.oneof(...open.map((choice) => build(choice, root, depth + 1)));
  }
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type) => build({ ...schema, type }, root, depth + 1)));
  switch (schema.type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.integer({ min: lowest(schema, 1), max: Math.min(schema.maximum ?? 1e6, 2 ** 53 - 1) });
    case "number":
      return fc.integer({ min: lowest(schema, 1), max: Math.floor(schema.maximum ?? 1e6) });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return list(schema, root, depth);
    case "object":
      return object(schema, root, depth);
    default:
      throw new Error(`a word that this generator does not know: ${JSON.stringify(schema)}`);
  }
}

function deref(schema: Schema, root: Schema): Schema {
  if (!schema.$ref) return schema;
  const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
  if (!target) throw new Error(`no ${schema.$ref}`);
  return target;
}

function lowest(schema: Schema, step: number): number {
  if (schema.exclusiveMinimum !== undefined) return schema.exclusiveMinimum + step;
  return schema.minimum ?? -1000;
}

function text(schema: Schema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 200 } = schema;
  if (!schema.pattern) return fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 20) });
  return fc
    .stringMatching(new RegExp(schema.pattern), { size: "small" })
    .filter((made) => made.length >= minLength && made.length <= maxLength);
}

function list(schema: Schema, root: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map((item) => build(item, root, depth + 1)));
  const minLength = schema.minItems ?? 0;
  const maxLength = Math.min(schema.maxItems ?? 3, minLength + 3);
  return fc.array(build(schema.items!, root, depth + 1), { minLength, maxLength });
}

function object(schema: Schema, root: Schema, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, build(field, root, depth + 1)] as const,
  );
  if (typeof schema.additionalProperties === "object") {
    const value = build(schema.additionalProperties, root, depth + 1);
    const keys = schema.propertyNames && deref(schema.propertyNames, root).enum;
    // A record over a closed list of names has every one of them.
    if (keys) return fc.record(Object.fromEntries(keys.map((key) => [key as string, value])));
    return fc.dictionary(fc.stringMatching(/^[a-z.]{1,12}$/), value, { maxKeys: 3 });
  }
  return fc.record(Object.fromEntries(fields), {
    requiredKeys: schema.required ?? [],
    noNullPrototype: true,
  });
}
