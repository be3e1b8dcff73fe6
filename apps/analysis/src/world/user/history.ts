/** What the user typed: hundreds of lines of a working life, here and there a secret on a command line. */
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun, phrase, verb } from "../../chamber/decoys/words.ts";
import { alphanumeric, password } from "../honey/tokens.ts";
import { type Part, secret } from "../part.ts";

const lines: readonly ((
  random: SeededRandom,
  folders: readonly string[],
  hosts: readonly string[],
) => string[])[] = [
  (random, folders) => [`cd ~/${random.pick(folders)}`, "git status", "git pull"],
  (random) => ["git add -p", `git commit -m "${phrase(random, 4)}"`, "git push"],
  (random) => [`git checkout -b ${verb(random)}-${noun(random)}`],
  (random) => [
    random.pick(["git log --oneline | head", "git diff", "git stash", "git stash pop", "git fetch --all"]),
  ],
  (random) => [
    random.pick(["npm test", "npm install", "npm run build", "npm outdated", "npm version patch"]),
  ],
  () => ["npm version minor", "npm publish"],
  (random) => [`pip install ${noun(random)}`, "python3 -m unittest"],
  () => ["python3 -m venv .venv", ". .venv/bin/activate"],
  (random) => [
    random.pick(["ls", "ls -la", "ll", "pwd", "df -h", "free -m", "top", "htop", "uptime", "date"]),
  ],
  (random) => [`vim ${noun(random)}.${random.pick(["js", "py", "md", "txt", "yml"])}`],
  (random) => [`grep -rn ${noun(random)} .`, `less ${noun(random)}.log`],
  (random) => [`find . -name '*.${random.pick(["js", "log", "csv"])}' | wc -l`],
  (random, _, hosts) => [`ssh ${random.pick(hosts).split(".")[0]}`],
  (random, _, hosts) => [`scp ${noun(random)}.tar.gz ${random.pick(hosts).split(".")[0]}:`],
  (random, _, hosts) => [`curl -I https://${random.pick(hosts)}/`],
  (random) => [`tar czf ${noun(random)}.tar.gz ${noun(random)}/`],
  (random) => [`docker ps`, `docker logs -f ${noun(random)}`],
  (random) => [`kubectl get pods`, `kubectl logs deploy/${noun(random)}`],
  (random) => [`aws s3 ls s3://${noun(random)}-${noun(random)}/`],
  (random) => [`mkdir ${noun(random)}`, `mv *.csv ${noun(random)}/`],
  (random) => [
    random.pick(["crontab -l", "systemctl --user status", "journalctl --user -n 50", "history | tail"]),
  ],
  (random) => [`psql -h ${noun(random)} -U sam -l`],
  (random) => [`sort ${noun(random)}.csv | uniq -c | sort -rn | head`],
];

/** ~/.bash_history, with two passwords and a token that were typed where they should not have been. */
export function shellHistory(
  random: SeededRandom,
  folders: readonly string[],
  hosts: readonly string[],
): Part {
  const list: string[] = [];
  for (const length = random.between(320, 620); list.length < length; )
    list.push(...random.pick(lines)(random, folders, hosts));
  const [mysql, upload, bearer] = [alphanumeric(random, 18), password(random, 18), alphanumeric(random, 40)];
  const slips = [
    `mysql -h ${hosts[1]} -u sam -p${mysql} ${noun(random)}`,
    `curl -u 'sam:${upload}' -T ${noun(random)}.zip https://${hosts[0]}/upload/`,
    `curl -H 'Authorization: Bearer ${bearer}' https://${hosts[0]}/api/${noun(random)}`,
  ];
  for (const slip of slips) list.splice(random.between(20, list.length - 20), 0, slip);
  return secret("shell-history", ".bash_history", `${list.join("\n")}\n`, [mysql, upload, bearer], hosts);
}
