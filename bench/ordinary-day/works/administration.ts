import { join } from "node:path";
import { prose, upTo, type Work } from "../work.ts";

/** Edits of an administrator: units, timers, cron jobs, profiles, keys, hosts. */
export const administration: Work = {
  name: "administration",
  needs: ["sed"],
  async carryOut(desk) {
    const etc = join(desk.folder, "etc");
    for (const index of upTo(4)) {
      await desk.put(
        join(etc, `systemd/system/day${index}.service`),
        `[Unit]\nDescription=${prose(index, 1)}\n[Service]\nExecStart=/usr/local/bin/day${index}\nUser=nobody\n[Install]\nWantedBy=multi-user.target\n`,
      );
      await desk.put(join(etc, `cron.d/day${index}`), `17 * * * * root /usr/local/bin/day${index} --tidy\n`);
      await desk.put(
        join(desk.folder, `usr/local/bin/day${index}`),
        `#!/bin/sh\nexec /usr/bin/logger "day ${index}"\n`,
        0o755,
      );
    }
    await desk.put(join(desk.folder, "home/.bashrc"), "alias ll='ls -l'\n");
    await desk.put(
      join(desk.folder, "home/.ssh/authorized_keys"),
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample somebody\n",
      0o600,
    );
    await desk.put(join(etc, "ld.so.conf.d/local.conf"), "/usr/local/lib\n");
    await desk.pause();
    await desk.run(
      "sh",
      [
        "-c",
        "sed -i 's/User=nobody/User=daemon/' etc/systemd/system/*.service; sed -i 's/^17/37/' etc/cron.d/*; ln -s ../day0.service etc/systemd/system/multi.wants; sed -i 's/logger/logger -t day/' usr/local/bin/*",
      ],
      { cwd: desk.folder },
    );
  },
};

/** Programs that come from elsewhere: a release unpacked, an installer's script, a tool that replaces itself. */
export const releases: Work = {
  name: "releases",
  needs: ["tar", "install"],
  async carryOut(desk) {
    for (const version of [1, 2]) {
      const top = join(desk.elsewhere, `release-${version}`);
      for (const index of upTo(4))
        await desk.put(
          join(top, `bin/command${index}`),
          `#!/usr/bin/env python3\n"""${prose(index + version * 30, 4)}"""\nVERSION = ${version}\nprint(VERSION)\n`,
          0o755,
        );
      await desk.run("tar", ["-czf", `${top}.tar.gz`, "-C", top, "."]);
      await desk.run(
        "sh",
        [
          "-c",
          `mkdir -p opt && tar -xzf "$1" -C opt && install -m 755 opt/bin/command0 .tool && ln -sf ../opt/bin/command1 current`,
          "sh",
          `${top}.tar.gz`,
        ],
        { cwd: desk.folder },
      );
      await desk.run("install", [
        "-m",
        "755",
        version === 1 ? "/usr/bin/sort" : "/usr/bin/cut",
        join(desk.folder, "agent-of-a-vendor"),
      ]);
      await desk.pause();
    }
  },
};
