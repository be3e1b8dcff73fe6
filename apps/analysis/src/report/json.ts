/** JSON for eyes: broken into lines down to some depth, on one line below it. */

/** @param lines how deep lists and objects are broken into lines */
export function shallowJson(value: unknown, lines = 3, indent = ""): string {
  if (lines === 0 || value === null || typeof value !== "object") return spaced(value);
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((each) => shallowJson(each, lines - 1, inner))
    : Object.entries(value).map(
        ([key, each]) => `${JSON.stringify(key)}: ${shallowJson(each, lines - 1, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

/** On one line, with a space where a reader wants one. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${spaced(each)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}
