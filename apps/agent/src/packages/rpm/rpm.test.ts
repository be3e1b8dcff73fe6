import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { several } from "../several.ts";
import { parseHeader } from "./header.ts";
import { Rpm } from "./rpm.ts";

/** What rpm 4.18 wrote into its database for a package built for this test: a program, a configuration file, a ghost. */
const recorded = [
  "H4sIAAAAAAACA3WVz4scRRTH3+xMkk1MNHFXXfUy4MEEMjNdP7qqO0SNrD92D5qVRIwQxaquqtnG2elhpjfsih4WvAhBBMlFPObgQUXwmoMn9U",
  "/wbgJGjYkXUVAjPf3d7AZiQXXVp76vX1VXvVdNRE8RtU4S0TNEtI+oeYmIDhORI6JZqkuDqPkTEe0lohnwdfD94J/BD4J/IaIWEc2DfyWi/US0",
  "AL4BfgL8G+wj8E34k+DfoZ8E/wH9FPhP+Hse/A/0V8D/gl+rudWCv7eIqEnU2lu3NADvB4/BB2C/Ab4P+/M++GDNjX3gQ7V94yD4AegL4MPgJ8",
  "Hz9foaCut7CO+vQH8E9ufrM2gtQH+3bluPQr8Ifgx8E3y09j9zCP5frMdn5uF/CdwGL9fvzxwHn4MeYf7XoSfg89CXYP8G9LPgN8EF2GI9H2A9",
  "DvwR2IMvgQP4E/AA/Cm4xPxfwf86+Ar4Aub/vua5j2u92arfn/u29tecBV+t7ZuI77lrsF8BX4d+tuZGA/pn4D3Ip8/rfGocgv8r0I+AryE+b+",
  "06p+p79qDd3v+HoSM/Wn0w8qO1Cq7Oo7FI5erm2vqkU/pJSazLSUzzOBTjtmlPB3d1id5uvXcG3ao8PiyGnl4dTkY+y0PuHQ3y4foGDQszzlZr",
  "mypfqhilrctbN7Yu14OVn+2aWZ1Ylximg7Y6ZsFHTiolhFIusxmPNY9kJIQP2jmnpGWBpyqNtbCx5Z6TDc4bb6MkC8EqI5QUic0c484ZHkumvc",
  "icEyowr71MuOGJTF0sUs5jniSW7pQjaE+Ni6Kk/33s2rMO6/KO6E7GWXc8WqPbO+WHrBiGvH90l/Gxu3b7MNFsg+jAdr2X/Xi0Nsjt0cVibTT2",
  "k4l3L+QD/7JZ85M7WjXyXN73k3JnbMVsDgozNZ4smQt+ZexDvnGM2Inpckl0o67sMJJd1Y2mbf1kSTfCPX5XncEdN11zFc/bjrbbnfufZlb9YF",
  "B0q6+habd+dgdFn3q+zHrUW5+MezYf9qh3wYx7g6Lfo85p3u70KRvlBfXfyUeUIog6ztvcDDt1YN2jTOd89szi8nK79BslrZw+s3yuPakmbU+y",
  "cT4qj7d35Lbf8Nl6aezAk18blZtTH7PrZegkxGwUiZDy1GbeZj44lYRUOuYUj5UXQkcx885JaSzLEpHELA486NRKz3zsZe2LKZ6lidfKhjgJms",
  "fBSq2iSAjm48g4HbxxNpNaiijOrNJc8SpaszhOtBHVfVb/ZG/f/vsb/GSJ9l18+ruLf/14K7x04uv4i6tffriZpSoNzEofmNFKp9wZq3TsjPDc",
  "poxJplzMfERe25hpLWWQwlitecSj1CgTZ0oIK0NsghE6RFGkgmZeRKlQOhMp01bLJOHIV2x3dY82K/4PN43bmBQIAAA=",
];
const header = gunzipSync(Buffer.from(recorded.join(""), "base64"));

test("a package of a real database is read with names, digests and flags", () => {
  const found = parseHeader(header)!;
  assert.deepEqual([found.name, found.version, found.algorithm], ["thymus-test", "1:1.2-3", "sha256"]);
  assert.deepEqual(
    found.files.map(({ path, config, ghost }) => [path, config, ghost]),
    [
      ["/etc/hello.conf", true, false],
      ["/usr/bin/hello", false, false],
      ["/var/log/hello.log", false, true],
    ],
  );
});

test("whatever a header holds, reading it ends well", () => {
  fc.assert(
    fc.property(fc.nat(header.length - 1), fc.nat(255), fc.nat(header.length), (at, value, length) => {
      const broken = Buffer.from(header);
      broken[at] = value;
      parseHeader(broken);
      parseHeader(broken.subarray(0, length));
    }),
    { numRuns: 500 },
  );
});

test("rpm vouches for exactly what its database says", async (t) => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "thymus-rpm-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  const none = new Rpm({ root });
  assert.equal(await none.claim(join(root, "usr/bin/hello")), null);
  await mkdir(join(root, "usr/lib/sysimage/rpm"), { recursive: true });
  const db = new DatabaseSync(join(root, "usr/lib/sysimage/rpm/rpmdb.sqlite"));
  db.exec("create table Packages (hnum integer primary key autoincrement, blob blob not null)");
  db.prepare("insert into Packages (blob) values (?)").run(header);
  db.close();
  const rpm = new Rpm({ root });
  const by = async (name: string, text: string) => {
    const path = join(root, name);
    return (await rpm.vouches(new Map([[path, Buffer.from(text)]]))).get(path) ?? null;
  };
  const hello = "#!/bin/sh\necho hello\n";
  assert.deepEqual(await by("usr/bin/hello", hello), {
    package: "thymus-test",
    version: "1:1.2-3",
    level: "manifest",
  });
  assert.equal(await by("usr/bin/hello", `${hello} `), null);
  assert.notEqual(await by("etc/hello.conf.rpmnew", "a = 1\n"), null);
  assert.equal((await rpm.claim(join(root, "usr/bin/hello")))?.kind, "file");
  assert.equal((await rpm.claim(join(root, "etc/hello.conf")))?.kind, "conffile");
  assert.equal(await rpm.claim(join(root, "var/log/hello.log")), null);
  assert.equal(await rpm.busy(), false);
});

test("a database that cannot be read is a notice: what was read before holds, and nothing stops", async (t) => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "thymus-rpm-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "usr/lib/sysimage/rpm"), { recursive: true });
  const file = join(root, "usr/lib/sysimage/rpm/rpmdb.sqlite");
  await writeFile(file, "no database\n".repeat(100));
  const fresh = new Rpm({ root });
  assert.equal(await fresh.claim(join(root, "usr/bin/hello")), null);
  assert.match((await fresh.notices())[0] ?? "", /rpmdb\.sqlite cannot be read/);
  await rm(file);
  const db = new DatabaseSync(file);
  db.exec("create table Packages (hnum integer primary key autoincrement, blob blob not null)");
  db.prepare("insert into Packages (blob) values (?)").run(header);
  db.close();
  const rpm = new Rpm({ root });
  assert.equal((await rpm.claim(join(root, "usr/bin/hello")))?.kind, "file");
  assert.deepEqual(await rpm.notices(), []);
  await writeFile(file, "no database any more\n".repeat(100));
  assert.equal((await rpm.claim(join(root, "usr/bin/hello")))?.kind, "file");
  assert.equal((await several([rpm]).notices!()).length, 1);
});
