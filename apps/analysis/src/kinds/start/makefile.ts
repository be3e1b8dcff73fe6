/** What `make` without words would run, for a guest that has no make: rules and variables as most Makefiles use them. */

const MAX_TEXT = 65_536;
const MAX_DEPTH = 8;
const MAX_RULES = 200;

interface Rule {
  readonly needs: readonly string[];
  readonly lines: string[];
}

/** Replaces `$(NAME)`, `${NAME}`, `$@`, `$$` and `$(shell ...)`; what is unknown becomes nothing, as with make. */
function expand(
  text: string,
  variables: ReadonlyMap<string, string>,
  target: string,
  needs: readonly string[],
): string {
  return text
    .slice(0, 8192)
    .replace(/\$(?:\$|([@<^])|[({]([^(){}$\n]{1,500})[)}])/g, (whole, sign: string, name: string) => {
      if (whole === "$$") return "$";
      if (sign) return sign === "@" ? target : sign === "<" ? (needs[0] ?? "") : needs.join(" ");
      return name.startsWith("shell ") ? `$(${name.slice(6)})` : (variables.get(name) ?? "");
    });
}

/** Commands of the first target and of what it needs, for a shell; null where there are none. */
export function makeCommands(text: string): string | null {
  const variables = new Map<string, string>();
  const rules = new Map<string, Rule>();
  let first: string | null = null;
  let current: Rule | null = null;
  for (const line of text
    .slice(0, MAX_TEXT)
    .replaceAll(/\\\r?\n[ \t]*/g, " ")
    .split(/\r?\n/)) {
    if (line.startsWith("\t")) {
      current?.lines.push(line.slice(1));
      continue;
    }
    const assigned = /^ *(?:export +)?([\w.-]{1,100}) *(?:[:?+!]|::)?= *([^\n]*)$/.exec(line);
    if (assigned) {
      variables.set(assigned[1]!, expand(assigned[2]!, variables, "", []));
      continue;
    }
    const rule = /^([\w./%@+ -]{1,300}?) *::?(?!=)([^\n]*)$/.exec(line);
    if (!rule) continue;
    const [needed, own] = rule[2]!.split(";", 2);
    current = {
      needs: needed!.split(/[ \t|]+/).filter((word) => word !== ""),
      lines: own === undefined ? [] : [own],
    };
    for (const target of rule[1]!.split(/ +/)) {
      if (rules.size >= MAX_RULES) break;
      if (!target.startsWith(".") && !target.includes("%")) first ??= target;
      rules.set(target, current);
    }
  }
  const commands: string[] = [];
  const done = new Set<string>();
  const make = (target: string, depth: number) => {
    const rule = rules.get(target);
    if (!rule || done.has(target) || depth > MAX_DEPTH) return;
    done.add(target);
    for (const need of rule.needs) make(expand(need, variables, "", []), depth + 1);
    for (const line of rule.lines) {
      const command = expand(line.replace(/^[ \t@+-]+/, ""), variables, target, rule.needs);
      if (command.trim() !== "" && commands.length < 500) commands.push(command);
    }
  };
  if (first !== null) make(first, 0);
  return commands.length > 0 ? `${commands.join("\n")}\n` : null;
}
