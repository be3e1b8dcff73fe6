/** What is put for a value that may be a secret. */
const MASK = "***";
/** Arguments of a process that are kept. */
const KEPT = 32;
/** Options whose value is in the next word, or behind `=`. */
const ASKS =
  /^(-k|-K|-p|-P|-iv|-u|-pass(in|out)?|--?[\w-]*(pass|pwd|secret|token|api-?key|credential)[\w-]*)$/i;
/** Options to which the value is joined: `-psecret`, `-ksecret`. */
const JOINED = /^(-[pk])(?!ass(in|out)?$|ass\w*=).+/;
const NAMED = /^(.*?(pass|pwd|secret|token|key|credential)[\w-]*[=:])(?!\/\/).+/i;
const ADDRESS = /^(\w[\w+.-]*:\/\/[^/\s:@]*:)[^/\s@]+@/;

/** The arguments of a process without what is likely a password or a key: they stay on this machine, but are read by persons. */
export function maskArguments(cmdline: readonly string[]): string[] {
  return mask(cmdline.slice(0, KEPT));
}

function mask(words: readonly string[]): string[] {
  let next = false;
  return words.map((word, at) => {
    const value = next;
    next = at > 0 && ASKS.test(word);
    if (value && !next) return MASK;
    // A command in one word, as after `sh -c`.
    return /\s/.test(word) ? maskText(word) : maskWord(word);
  });
}

const maskText = (text: string): string =>
  mask(["", ...text.trim().split(/\s+/)])
    .slice(1)
    .join(" ");

function maskWord(word: string): string {
  if (ASKS.test(word)) return word;
  const named = NAMED.exec(word);
  if (named) return named[1] + MASK;
  const joined = JOINED.exec(word);
  if (joined) return joined[1] + MASK;
  return word.replace(ADDRESS, `$1${MASK}@`);
}

/** How much a process was told, without the words. */
export function countArguments(cmdline: readonly string[]): string {
  const count = Math.max(0, cmdline.length - 1);
  return `with ${count} argument${count === 1 ? "" : "s"}`;
}
