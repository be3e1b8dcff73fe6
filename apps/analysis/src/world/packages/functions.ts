/** Small functions of which the decoy packages are made, each in two languages with a test that holds. */

export interface SmallFunction {
  readonly name: string;
  readonly python: string;
  readonly about: string;
  /** Parameters and body of the JavaScript function. */
  readonly parameters: string;
  readonly body: readonly string[];
  /** Arguments, and what the function gives for them, as JavaScript. */
  readonly given: string;
  readonly expected: string;
  readonly pythonBody: readonly string[];
}

export const smallFunctions: readonly SmallFunction[] = [
  {
    name: "clamp",
    python: "clamp",
    about: "Limits a number to a range.",
    parameters: "value, low, high",
    body: ["return Math.min(high, Math.max(low, value));"],
    given: "12, 0, 10",
    expected: "10",
    pythonBody: ["return min(high, max(low, value))"],
  },
  {
    name: "chunk",
    python: "chunk",
    about: "Cuts a list into lists of a given length.",
    parameters: "list, size",
    body: [
      "const parts = [];",
      "for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size));",
      "return parts;",
    ],
    given: "[1, 2, 3], 2",
    expected: "[[1, 2], [3]]",
    pythonBody: ["return [list[at:at + size] for at in range(0, len(list), size)]"],
  },
  {
    name: "unique",
    python: "unique",
    about: "Keeps the first of equal entries.",
    parameters: "list",
    body: ["return [...new Set(list)];"],
    given: "[1, 2, 1]",
    expected: "[1, 2]",
    pythonBody: ["return [*dict.fromkeys(list)]"],
  },
  {
    name: "groupBy",
    python: "group_by",
    about: "Sorts entries into groups by one of their fields.",
    parameters: "list, field",
    body: [
      "const groups = {};",
      "for (const entry of list) {",
      "  const key = String(entry[field]);",
      "  if (!groups[key]) groups[key] = [];",
      "  groups[key].push(entry);",
      "}",
      "return groups;",
    ],
    given: '[{ "a": 1 }, { "a": 1 }], "a"',
    expected: '{ "1": [{ "a": 1 }, { "a": 1 }] }',
    pythonBody: [
      "groups = {}",
      "for entry in list:",
      "    groups.setdefault(str(entry[field]), []).append(entry)",
      "return groups",
    ],
  },
  {
    name: "slugify",
    python: "slugify",
    about: "Makes a text fit for an address.",
    parameters: "text",
    body: [
      "return text",
      "  .toLowerCase()",
      "  .replace(/[^a-z0-9]+/g, '-')",
      "  .replace(/^-+|-+$/g, '');",
    ],
    given: '"Two  Words!"',
    expected: '"two-words"',
    pythonBody: ["return re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')"],
  },
  {
    name: "truncate",
    python: "truncate",
    about: "Shortens a text and marks the cut.",
    parameters: "text, length",
    body: [
      "if (text.length <= length) return text;",
      "return text.slice(0, Math.max(0, length - 3)) + '...';",
    ],
    given: '"abcdefghij", 6',
    expected: '"abc..."',
    pythonBody: ["return text if len(text) <= length else text[:max(0, length - 3)] + '...'"],
  },
  {
    name: "range",
    python: "span",
    about: "Numbers from the first up to, and without, the last.",
    parameters: "first, last",
    body: ["return Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);"],
    given: "2, 5",
    expected: "[2, 3, 4]",
    pythonBody: ["return [*range(first, last)]"],
  },
  {
    name: "median",
    python: "median",
    about: "The middle of a list of numbers.",
    parameters: "list",
    body: [
      "const sorted = [...list].sort((a, b) => a - b);",
      "const half = Math.floor(sorted.length / 2);",
      "return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;",
    ],
    given: "[5, 1, 3]",
    expected: "3",
    pythonBody: [
      "ordered = sorted(list)",
      "half = len(ordered) // 2",
      "return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2",
    ],
  },
  {
    name: "formatBytes",
    python: "format_bytes",
    about: "A size for people.",
    parameters: "size",
    body: [
      "const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];",
      "let unit = 0;",
      "while (size >= 1024 && unit < units.length - 1) {",
      "  size /= 1024;",
      "  unit += 1;",
      "}",
      "return Math.round(size * 10) / 10 + ' ' + units[unit];",
    ],
    given: "1536",
    expected: '"1.5 KiB"',
    pythonBody: [
      "for unit in ('B', 'KiB', 'MiB', 'GiB'):",
      "    if size < 1024:",
      "        break",
      "    size = size / 1024",
      "return '%g %s' % (round(size, 1), unit)",
    ],
  },
  {
    name: "countWords",
    python: "count_words",
    about: "Number of words in a text.",
    parameters: "text",
    body: ["const words = text.trim().split(/\\s+/);", "return words[0] === '' ? 0 : words.length;"],
    given: '" one two "',
    expected: "2",
    pythonBody: ["return len(text.split())"],
  },
  {
    name: "parsePairs",
    python: "parse_pairs",
    about: "Reads lines of the form key=value.",
    parameters: "text",
    body: [
      "const pairs = {};",
      "for (const line of text.split(/\\r?\\n/)) {",
      "  const at = line.indexOf('=');",
      "  if (at > 0) pairs[line.slice(0, at).trim()] = line.slice(at + 1).trim();",
      "}",
      "return pairs;",
    ],
    given: '"a = 1"',
    expected: '{ "a": "1" }',
    pythonBody: [
      "lines = [line.partition('=') for line in text.splitlines()]",
      "return {key.strip(): value.strip() for key, sign, value in lines if sign and key}",
    ],
  },
  {
    name: "checksum",
    python: "checksum",
    about: "Fletcher's sum of 16 bits over a text.",
    parameters: "text",
    body: [
      "let low = 0;",
      "let high = 0;",
      "for (const letter of text) {",
      "  low = (low + (letter.codePointAt(0) & 255)) % 255;",
      "  high = (high + low) % 255;",
      "}",
      "return high * 256 + low;",
    ],
    given: '"abcde"',
    expected: "51440",
    pythonBody: [
      "low = high = 0",
      "for letter in text:",
      "    low = (low + (ord(letter) & 255)) % 255",
      "    high = (high + low) % 255",
      "return high * 256 + low",
    ],
  },
];
