/**
 * STIX 2.1 as far as we write it: required properties, forms of identifiers and times, words of closed lists. Strict,
 * so that a property which the specification does not have is found. Sections are those of the OASIS standard.
 */
import { z } from "zod";

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const id = (...types: string[]) => z.string().regex(new RegExp(`^(${types.join("|")})--${uuid}$`));
const anyId = id("[a-z][a-z0-9-]+[a-z0-9]");
const time = z.iso.datetime({ precision: 3 });
const text = z.string().min(1);
const specVersion = z.literal("2.1");
const list = <T extends z.ZodType>(of: T) => z.array(of).min(1);
const reference = z.strictObject({
  source_name: text,
  external_id: text,
  url: z.url().optional(),
});
const tlp = z.enum(["white", "green", "amber", "red"]);

/** Section 3.2: what every domain and relationship object has. */
const object = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({
    type: z.literal(type),
    spec_version: specVersion,
    id: id(type),
    created: time,
    modified: time,
    created_by_ref: id("identity").optional(),
    object_marking_refs: list(id("marking-definition")).optional(),
    external_references: list(reference).optional(),
    revoked: z.boolean().optional(),
    ...shape,
  });

const domainObjects = [
  object("attack-pattern", { name: text }),
  object("course-of-action", { name: text, description: text }),
  object("identity", { name: text, description: text, identity_class: z.literal("system") }),
  object("indicator", {
    name: text,
    description: text.optional(),
    indicator_types: list(z.literal("malicious-activity")),
    pattern: text,
    pattern_type: z.enum(["stix", "yara"]),
    valid_from: time,
  }),
  object("malware", {
    name: text,
    description: text.optional(),
    aliases: list(text).optional(),
    malware_types: list(z.enum(["virus", "ransomware", "wiper", "dropper", "worm", "spyware"])).optional(),
    is_family: z.boolean(),
    sample_refs: list(id("file")),
    capabilities: list(text).optional(),
    implementation_languages: list(text).optional(),
  }),
  object("malware-analysis", {
    product: z.string().regex(/^[a-z0-9-]+$/),
    version: text,
    configuration_version: text,
    modules: list(text),
    analysis_started: time,
    analysis_ended: time,
    result: z.enum(["malicious", "suspicious", "benign", "unknown"]),
    result_name: text,
    sample_ref: id("file"),
    analysis_sco_refs: list(anyId),
  }),
  object("observed-data", {
    first_observed: time,
    last_observed: time,
    number_observed: z.int().min(1).max(999_999_999),
    object_refs: list(anyId),
  }),
  object("relationship", {
    relationship_type: z.string().regex(/^[a-z0-9-]+$/),
    description: text.optional(),
    source_ref: anyId,
    target_ref: anyId,
  }),
  object("report", {
    name: text,
    description: text,
    report_types: list(z.literal("malware")),
    published: time,
    object_refs: list(anyId),
  }),
] as const;

/** Sections 6.3 to 6.17. */
const observable = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), spec_version: specVersion, id: id(type), ...shape });
const port = z.int().min(0).max(65535);
const bytes = z.int().nonnegative();

const observables = [
  observable("directory", { path: text }),
  observable("domain-name", { value: z.string().regex(/^[a-z0-9_.-]+$/) }),
  // Section 6.7.1: at least one of hashes and name.
  observable("file", {
    name: text.optional(),
    hashes: z.strictObject({ "SHA-256": z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
    size: bytes.optional(),
    parent_directory_ref: id("directory").optional(),
  }).refine(({ name, hashes }) => name !== undefined || hashes !== undefined),
  observable("ipv4-addr", { value: z.ipv4() }),
  observable("ipv6-addr", { value: z.ipv6() }),
  observable("network-traffic", {
    dst_ref: id("domain-name", "ipv4-addr", "ipv6-addr"),
    dst_port: port.optional(),
    protocols: list(z.string().regex(/^[a-z0-9-]+$/)),
    src_byte_count: bytes,
    dst_byte_count: bytes,
    extensions: z
      .strictObject({ "http-request-ext": z.strictObject({ request_method: text, request_value: text }) })
      .optional(),
  }),
  observable("process", {
    pid: z.int(),
    image_ref: id("file").optional(),
    parent_ref: id("process").optional(),
  }),
  observable("url", { value: z.url() }),
] as const;

/** Section 7.2.1: a marking has no `modified`. */
const marking = z.strictObject({
  type: z.literal("marking-definition"),
  spec_version: specVersion,
  id: id("marking-definition"),
  created: time,
  name: text,
  definition_type: z.literal("tlp"),
  definition: z.strictObject({ tlp }),
});

export const Bundle = z.strictObject({
  type: z.literal("bundle"),
  id: id("bundle"),
  objects: list(z.discriminatedUnion("type", [...domainObjects, ...observables, marking])),
});
