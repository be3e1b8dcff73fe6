/** The language of a text by what stands in it, where neither a first line nor a name says it. */

export type Language = "shell" | "python" | "perl" | "node" | "php";

/** Patterns stay within a line, so that no text of a hostile writer makes them slow. Each counts once; a language needs two of its own, and more than any other. */
const signs: Readonly<Record<Language, readonly RegExp[]>> = {
  python: [
    /^(import [\w.]+( as \w+)?|from [\w.]+ import [\w*, ]{1,200})[ \t]*(#.*)?$/m,
    /^[ \t]*def \w+\(.{0,300}\)( -> .{1,80})?:[ \t]*$/m,
    /^[ \t]*(if|elif|for|while|with|try|except|class)\b.*:[ \t]*$/m,
    /^[ \t]*print\(/m,
    /\b(os\.(path|system|environ)|sys\.argv|subprocess\.(run|Popen|call|check_output))\b/,
    /^if __name__ == ['"]__main__['"]:/m,
  ],
  node: [
    /\brequire\((['"`])[\w@/.:-]+\1\)/,
    /^[ \t]*import .+ from ['"][\w@/.:-]+['"];?[ \t]*$/m,
    /^[ \t]*(const|let|var) [\w{$][^=\n]*=/m,
    /\b(module\.exports|process\.(env|argv|exit)|console\.(log|error))\b/,
    /=>\s*[{(\w]|\bfunction *\w*\([^)\n]{0,300}\) *\{/,
    /^[ \t]*(async )?function \w+\(/m,
  ],
  perl: [
    /^[ \t]*use (strict|warnings|[A-Z]\w*(::\w+)*)\b.*;$/m,
    /^[ \t]*(my|our|local) [$@%(]/m,
    /\$\w+ *=~ *(m|s|tr|y)?\//,
    /^[ \t]*sub \w+ *\{/m,
    /\b(open\(my \$|foreach my \$|@ARGV|\$ENV\{|\$0\b)/,
  ],
  php: [/<\?php\b/, /<\?=/, /\$_(GET|POST|SERVER|FILES|COOKIE)\b/],
  shell: [
    /^[ \t]*(if|elif|while|until) .*;[ \t]*(then|do)[ \t]*$|^[ \t]*(then|do|fi|done|esac)[ \t]*$/m,
    /^[ \t]*(export )?[A-Za-z_]\w*=("[^"\n]*"|'[^'\n]*'|\$\([^)\n]*\)|[^\s;|&]*)[ \t]*$/m,
    /^[ \t]*(sudo |exec |nohup |eval )?(curl|wget|chmod|mkdir|rm|cp|mv|echo|cat|tar|nohup|sleep|crontab|systemctl|base64|cd|touch|kill|find|grep|sed|printf) [^=]/m,
    /\$\([^)\n]{1,200}\)|"\$\w+"|\$\{\w+/,
    /\|\s*(sh|bash|grep|awk|sed|xargs|base64|head|tee|crontab)\b/,
    /(\s2>&1|>\s*\/dev\/null|&>\s*\/dev\/null)/,
    /^[ \t]*\w+\(\) *\{/m,
  ],
};

/** @param text start of the file. Null where nothing speaks clearly: prose is no program. */
export function languageOf(text: string): Language | null {
  const start = text.slice(0, 65_536);
  if (/^\ufeff?\s*<\?php\b/.test(start)) return "php";
  const scores = (Object.keys(signs) as Language[])
    .map((language) => ({ language, score: signs[language].filter((sign) => sign.test(start)).length }))
    .sort((a, b) => b.score - a.score);
  const [best, second] = scores;
  if (!best || best.score < 2 || best.score === second?.score) return null;
  return best.language;
}
