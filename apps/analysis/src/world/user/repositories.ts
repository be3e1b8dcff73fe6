/** Two services that the user works on, with the settings that are never committed. */
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { names, noun, phrase, verb } from "../../chamber/decoys/words.ts";
import { environmentFile } from "../honey/hosts.ts";
import { own, type Part, type TreeFile, WORLD_NOW } from "../part.ts";
import { repository } from "./git.ts";

const DAY = 86_400;
const text = (path: string, content: string, executable = false): TreeFile => ({
  path,
  content: Buffer.from(content),
  executable,
});

function webService(random: SeededRandom, name: string, routes: readonly string[]): TreeFile[] {
  const route = (path: string) =>
    text(
      `src/routes/${path}.js`,
      `'use strict';\n\nconst { query } = require('../database.js');\n\n/** ${phrase(random, 5)} */\nmodule.exports = async function ${path}(request, response) {\n  const rows = await query('select * from ${path} where owner = $1', [request.user]);\n  response.end(JSON.stringify(rows));\n};\n`,
    );
  return [
    text(
      "package.json",
      `${JSON.stringify({ name, version: "0.4.0", private: true, main: "src/server.js", scripts: { start: "node src/server.js", test: "node --test" } }, null, 2)}\n`,
    ),
    text(".gitignore", "node_modules\n.env\n*.log\n"),
    text("README.md", `# ${name}\n\n${phrase(random, 7)}.\n\n    npm start\n`),
    text(
      "src/server.js",
      `'use strict';\n\nconst http = require('node:http');\n\nconst routes = {\n${routes.map((path) => `  '/${path}': require('./routes/${path}.js'),\n`).join("")}};\n\nhttp\n  .createServer((request, response) => {\n    const route = routes[request.url];\n    if (route) return route(request, response);\n    response.statusCode = 404;\n    response.end();\n  })\n  .listen(process.env.PORT);\n`,
    ),
    text(
      "src/database.js",
      "'use strict';\n\nconst { Pool } = require('pg');\n\nconst pool = new Pool({ connectionString: process.env.DATABASE_URL });\n\nexports.query = async (sql, values) => (await pool.query(sql, values)).rows;\n",
    ),
    ...routes.map(route),
  ];
}

function dailyJob(random: SeededRandom, name: string): TreeFile[] {
  const fields = names(random, 4);
  return [
    text(
      "run.sh",
      `#!/bin/sh\n# ${phrase(random, 5)}\ncd "$(dirname "$0")" || exit 1\n. ./.env\npython3 ${name}.py "$@"\n`,
      true,
    ),
    text(
      `${name}.py`,
      `"""${phrase(random, 5)}."""\nimport csv\nimport os\nimport sys\n\nFIELDS = ${JSON.stringify(fields)}\n\n\ndef main(paths):\n    total = 0\n    for path in paths:\n        with open(path, newline="") as lines:\n            total += sum(1 for _ in csv.DictReader(lines, FIELDS))\n    print(os.environ.get("LOG_LEVEL", "info"), total)\n\n\nmain(sys.argv[1:])\n`,
    ),
    text(".gitignore", ".env\n__pycache__\n"),
    text("README.md", `# ${name}\n\n${phrase(random, 8)}.\n`),
  ];
}

export interface Repositories extends Part {
  /** Folders below the home folder. */
  readonly service: string;
  readonly job: string;
}

/** @param hosts of the web and of the database */
export function repositories(random: SeededRandom, account: string, hosts: readonly string[]): Repositories {
  const [serviceName, jobName] = [`${noun(random)}-api`, `${verb(random)}_${noun(random)}`];
  const [service, job] = [`work/${serviceName}`, `work/${jobName}`];
  const author = `${account} <sam@${hosts[0]!.replace(/^[^.]+\./, "")}>`;
  const commit = (files: readonly TreeFile[], index: number, of: number) => ({
    message: index === 0 ? "Start" : `${verb(random)} ${phrase(random, 3)}`,
    at: WORLD_NOW - (of - index) * random.between(6, 9) * DAY,
    files,
  });
  const routes = names(random, 4).map((name) => name.replace(/\d+$/, ""));
  const history = [...new Set(routes)].map((_, at, list) =>
    webService(random.fork("service"), serviceName, list.slice(0, at + 1)),
  );
  const remote = (name: string) => `git@github.com:${account}/${name}.git`;
  const secrets = [
    environmentFile(random.fork("service"), `${service}/.env`, hosts[1]!),
    environmentFile(random.fork("job"), `${job}/.env`, hosts[1]!),
  ];
  return {
    service,
    job,
    files: [
      ...repository(
        service,
        remote(serviceName),
        author,
        history.map((files, at) => commit(files, at, history.length)),
      ),
      ...repository(job, remote(jobName), author, [commit(dailyJob(random.fork("job"), jobName), 0, 1)]),
      own(`${service}/npm-debug.log`, `0 info it worked if it ends with ok\n1 verbose cli node npm start\n`),
      ...secrets.flatMap((part) => part.files),
    ],
    honey: secrets.flatMap((part) => part.honey),
  };
}
