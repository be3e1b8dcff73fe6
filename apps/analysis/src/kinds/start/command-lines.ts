/** Texts that are no script but hold commands: lines to be pasted, desktop entries, units of systemd, tables of cron. */

const MAX_TEXT = 65_536;
const MAX_LINES = 20;

/** What makes a line a command to be run rather than a sentence: something is fetched, decoded or written and started. */
const shell = "(sudo\\s+)?(/(usr/)?bin/)?(ba|da|z|k|a)?sh\\b";
const interpreter = `(${shell}|(sudo\\s+)?(python[23]?|perl|node|php)\\b)`;
const strong: readonly RegExp[] = [
  new RegExp(
    `^(curl|wget|fetch|echo|printf|base64|openssl|xxd|cat|tail|python3?|nc)\\b.*\\|\\s*${interpreter}`,
  ),
  new RegExp(`^${shell}\\s+(-\\w+\\s+)*-\\w*c\\s+\\S`),
  new RegExp(`^${shell}\\s+(-s\\s+)?<\\(?`),
  /^(python[23]?\s+-c|perl\s+-\w*e|node\s+-(e|p)|php\s+-r|ruby\s+-e)\s+['"$]/,
  /^(eval|source|\.)\s+["']?(\$\(|`|<\()/,
  /^(curl|wget)\s.*https?:\/\/.*(&&|;)/,
  /^(cd\s+\/?\S+|mkdir\s.+)\s*(&&|;|\|\|)\s*.*\b(curl|wget|chmod|\.\/)/,
  /\bchmod\s+(\+x|[0-7]{3,4}|[ugoa]\+x)\s+\S+\s*(&&|;)\s*\S/,
  /\/dev\/(tcp|udp)\/\S+\/\d+/,
  /^(nc|ncat|netcat)\s.*\s-\w*[ec]\s+\S+/,
  /^(nohup|setsid)\s+\S+.*&\s*$/,
  /^\(?crontab\s+-|\|\s*crontab\s+-/,
  /^(sudo\s+)?(pip3?|npm|npx|yarn|apt(-get)?|gem|cargo)\s+(install|i|add)\s+\S/,
  /^rm\s+-\w*[rf]\w*\s+[~/$]/,
];
/** First words of the other lines of such a text. */
const commands =
  /^(sudo\s+)?(export|cd|mkdir|curl|wget|chmod|chown|cp|mv|rm|echo|printf|cat|tar|unzip|gunzip|base64|sleep|nohup|setsid|bash|sh|python[23]?|perl|node|php|pip3?|npm|npx|apt(-get)?|systemctl|service|crontab|kill|pkill|killall|ls|id|uname|whoami|touch|ln|find|grep|sed|awk|test|\[|if|then|fi|for|do|done|while|else|exit|history|unset|set|source|\.|\.\/\S+|\/\S+|[A-Za-z_]\w*=\S*)(\s|;|$)/;

/**
 * The commands of a text that a person would paste into a shell, prompts left out; null for every other text.
 * Conservative: each line has to be a command, and one of them has to start something.
 */
export function pastedCommands(text: string): string | null {
  if (text.length > MAX_TEXT || text.startsWith("#!")) return null;
  const joined = text.replaceAll(/\\\r?\n/g, " ");
  const lines = joined
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/^(\$|[\w.-]+@[\w.-]+:[^$#\s]*[$#])\s+/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0 || lines.length > MAX_LINES) return null;
  const plain = (line: string) => line.replace(/^(\w+=\S*\s+)+/, "").replace(/^sudo\s+(-\w+\s+)*/, "");
  // Long lines carry a payload in their middle; without it no pattern is slow.
  const ends = (line: string) => (line.length > 4000 ? `${line.slice(0, 2000)} ${line.slice(-2000)}` : line);
  const isStrong = (line: string) => strong.some((sign) => sign.test(plain(ends(line))));
  if (!lines.some(isStrong)) return null;
  if (!lines.every((line) => isStrong(line) || commands.test(ends(line)))) return null;
  return `${lines.join("\n")}\n`;
}

/** Values of `key=` lines in a section of an INI text. */
function values(text: string, section: RegExp, key: RegExp): string[] {
  let inside = false;
  return text
    .slice(0, MAX_TEXT)
    .replaceAll(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .flatMap((line) => {
      const trimmed = line.trim();
      if (trimmed.startsWith("[")) inside = section.test(trimmed);
      const at = trimmed.indexOf("=");
      return inside && at > 0 && key.test(trimmed.slice(0, at).trim()) ? [trimmed.slice(at + 1).trim()] : [];
    });
}

/** Lines of commands of a desktop entry (freedesktop.org), field codes taken out. */
function desktopLines(text: string): string[] {
  return values(text, /^\[Desktop (Entry|Action .*)\]/, /^Exec$/).map((line) =>
    line.replaceAll(/%(.)/g, (_, code: string) => (code === "%" ? "%" : "")).trim(),
  );
}

/** Lines of commands of a unit, in the order in which systemd runs them (systemd.service(5)). */
function unitLines(text: string): string[] {
  return ["ExecStartPre", "ExecStart", "ExecStartPost"].flatMap((key) =>
    values(text, /^\[Service\]/, new RegExp(`^${key}$`)).map((line) =>
      line.replace(/^[-@:+!|]+/, "").replaceAll(/%%/g, "%"),
    ),
  );
}

const field = "[\\d*/,a-zA-Z-]+";
const times = new RegExp(
  `^(@(reboot|hourly|daily|weekly|monthly|yearly|annually|midnight)|(${field}\\s+){4}${field})\\s+`,
);
const numbers = /^(@|[\d*])/;

/** Lines of commands of a table of cron, with or without its column of users. Every line has to be one. */
function cronLines(text: string): string[] {
  if (text.length > MAX_TEXT) return [];
  const found: string[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || /^\w+\s*=/.test(line)) continue;
    if (!numbers.test(line) || !times.test(line)) return [];
    const command = line.replace(times, "").replace(/^(root|www-data|nobody|sam)\s+/, "");
    if (!/^[\w./~"'([{$@-]/.test(command)) return [];
    // An unescaped per cent sign ends the command: what follows is its input.
    found.push(command.replace(/(?<!\\)%.*$/, "").replaceAll("\\%", "%"));
  }
  return found;
}

export interface CommandText {
  readonly kind: "desktop entry" | "systemd unit" | "cron table" | "command lines";
  /** For bash, each on its own. */
  readonly lines: readonly string[];
}

/** What a text has started, or null where it starts nothing. */
export function commandsOf(text: string): CommandText | null {
  const some = (kind: CommandText["kind"], lines: readonly string[]) => {
    const commands = lines.filter((line) => line !== "");
    return commands.length > 0 ? { kind, lines: commands } : null;
  };
  if (/^\[Desktop Entry\]/m.test(text)) return some("desktop entry", desktopLines(text));
  if (/^\[Service\]/m.test(text)) return some("systemd unit", unitLines(text));
  const cron = some("cron table", cronLines(text));
  if (cron) return cron;
  const pasted = pastedCommands(text);
  return pasted === null ? null : { kind: "command lines", lines: [pasted] };
}
