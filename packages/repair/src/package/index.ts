export { applyPackageRepair, MANIFEST, openPackage, sameTar } from "./apply.ts";
export { type GzipForm, gzipFormOf, unpackGzip } from "./gzip.ts";
export { findMember, type JsonMember, type JsonText, readJsonText } from "./json-text.ts";
export { editManifest } from "./manifest.ts";
export { memberType } from "./member-type.ts";
export { repack } from "./packing.ts";
export { parseTar, type Tarball, type TarMember, writeTar } from "./tar.ts";
