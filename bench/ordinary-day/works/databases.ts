import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { upTo, type Work } from "../work.ts";

/** An SQLite database: filled, changed, vacuumed, dumped. */
export const sqlite: Work = {
  name: "sqlite",
  needs: ["sqlite3"],
  async carryOut(desk) {
    for (const mode of ["delete", "wal"]) {
      const file = join(desk.folder, `${mode}.db`);
      await desk.run("sqlite3", [
        file,
        `pragma journal_mode=${mode}; create table t(id integer primary key, a text, b blob);`,
      ]);
      for (const turn of upTo(3))
        await desk.run("sqlite3", [
          file,
          `with recursive n(i) as (select 1 union all select i+1 from n where i < ${2000 * desk.scale}) insert into t(a,b) select hex(randomblob(20)), randomblob(200) from n; update t set a = 'x' || a where id % 7 = ${turn}; delete from t where id % 5 = ${turn};`,
        ]);
      await desk.run("sqlite3", [file, "vacuum;"]);
      await desk.run("sh", ["-c", `sqlite3 "$1" .dump | gzip > "$1.sql.gz"`, "sh", file]);
    }
  },
};

/** A PostgreSQL cluster: made, filled, stopped, as a user of its own. */
export const postgres: Work = {
  name: "postgres",
  needs: ["pg_ctl", "initdb", "psql", "setpriv"],
  root: true,
  async carryOut(desk) {
    const data = join(desk.folder, "cluster");
    await mkdir(data);
    await desk.run("chown", ["65534:65534", data]);
    const as = (...args: string[]) =>
      desk.run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", ...args], {
        cwd: data,
        env: { HOME: data },
      });
    await as("initdb", "-D", data, "-U", "day", "--no-sync");
    await as(
      "pg_ctl",
      "-D",
      data,
      "-w",
      "-l",
      join(data, "log"),
      "-o",
      `-c listen_addresses= -c unix_socket_directories=${data}`,
      "start",
    );
    try {
      await as(
        "psql",
        "-q",
        "-h",
        data,
        "-U",
        "day",
        "-c",
        "create table t as select i, md5(i::text) from generate_series(1, 50000) i",
        "postgres",
      );
      await as("psql", "-q", "-h", data, "-U", "day", "-c", "vacuum full t", "postgres");
    } finally {
      await as("pg_ctl", "-D", data, "-w", "-m", "fast", "stop");
    }
  },
};
