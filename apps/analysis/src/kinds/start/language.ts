/** The language of a text by what stands in it, where neither a first line nor a name says it. */

export type Language = "shell" | "python" | "perl" | "node" | "php";

/** Each pattern counts once; a language needs two of its own, and more than any other. */
const signs: Readonly<Record<Language, readonly RegExp[]>> = {
  python: [
    /^(import [\w.]+( as \w+)?|from [\w.]+ import [\w*, ]+)\s*(#.*)?$/m,
    /^\s*def \w+\(.*\)( -> .+)?:\s*$/m,
    /^\s*(if|elif|for|while|with|try|except|class)\b.*:\s*$/m,
    /^\s*print\(/m,
    /\b(os\.(path|system|environ)|sys\.argv|subprocess\.(run|Popen|call|check_output))\b/,
    /^if __name__ == ['"]__main__['"]:/m,
  ],
  node: [
    /\brequire\((['"`])[\w@/.:-]+\1\)/,
    /^\s*import .+ from ['"][\w@/.:-]+['"];?\s*$/m,
    /^\s*(const|let|var) [\w{$][^=\n]*=/m,
    /\b(module\.exports|process\.(env|argv|exit)|console\.(log|error))\b/,
    /=>\s*[{(\w]|\bfunction\s*\w*\([^)]*\)\s*\{/,
    /^\s*(async )?function \w+\(/m,
  ],
  perl: [
    /^\s*use (strict|warnings|[A-Z]\w*(::\w+)*)\b.*;\s*$/m,
    /^\s*(my|our|local) [$@%(]/m,
    /\$\w+\s*=~\s*(m|s|tr|y)?\//,
    /^\s*sub \w+\s*\{/m,
    /\b(open\(my \$|foreach my \$|@ARGV|\$ENV\{|\$0\b)/,
  ],
  php: [/<\?php\b/, /<\?=/, /\$_(GET|POST|SERVER|FILES|COOKIE)\b/],
  shell: [
    /^\s*(if|elif|while|until) .*;\s*(then|do)\s*$|^\s*(then|do|fi|done|esac)\s*$/m,
    /^\s*(export )?[A-Za-z_]\w*=("[^"]*"|'[^']*'|\$\([^)]*\)|[^\s;|&]*)\s*$/m,
    /^\s*(sudo |exec |nohup |eval )?(curl|wget|chmod|mkdir|rm|cp|mv|echo|cat|tar|nohup|sleep|crontab|systemctl|base64|cd|touch|kill|find|grep|sed|printf) [^=]/m,
    /\$\([^)]+\)|"\$\w+"|\$\{\w+/,
    /\|\s*(sh|bash|grep|awk|sed|xargs|base64|head|tee|crontab)\b/,
    /(\s2>&1|>\s*\/dev\/null|&>\s*\/dev\/null)/,
    /^\s*\w+\(\)\s*\{/m,
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
