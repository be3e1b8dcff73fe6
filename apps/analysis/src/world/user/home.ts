/** The plain things of a home folder and what the system keeps for its user. */
import type { WorldFile } from "../../chamber/chamber.ts";
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun, phrase, sentence, verb } from "../../chamber/decoys/words.ts";
import { guestUser } from "../../chamber/layout.ts";
import { own, system, WORLD_NOW } from "../part.ts";

const DAY = 86_400;
const isoDay = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);
const paragraphs = (random: SeededRandom, low: number, high: number) =>
  Array.from({ length: random.between(low, high) }, () =>
    Array.from({ length: random.between(2, 5) }, () => sentence(random)).join(" "),
  ).join("\n\n");

function settings(random: SeededRandom, account: string, domain: string): WorldFile[] {
  return [
    own(
      ".bash_aliases",
      `alias ${noun(random)}='cd ~/src && ls'\nalias up='git pull --rebase'\nexport EDITOR=vim\n`,
    ),
    own(
      ".bashrc",
      "case $- in *i*) ;; *) return ;; esac\nHISTCONTROL=ignoreboth\nHISTSIZE=5000\nshopt -s histappend checkwinsize\nPS1='\\u@\\h:\\w\\$ '\n[ -f ~/.bash_aliases ] && . ~/.bash_aliases\n",
    ),
    own(
      ".profile",
      '[ -n "$BASH_VERSION" ] && [ -f "$HOME/.bashrc" ] && . "$HOME/.bashrc"\nPATH="$HOME/bin:$PATH"\n',
    ),
    own(".bash_logout", '[ "$SHLVL" = 1 ] && [ -x /usr/bin/clear_console ] && /usr/bin/clear_console -q\n'),
    own(
      ".gitconfig",
      `[user]\n\tname = ${account}\n\temail = sam@${domain}\n[credential]\n\thelper = store\n[init]\n\tdefaultBranch = main\n[alias]\n\tst = status\n\tlg = log --oneline --graph\n[pull]\n\trebase = true\n`,
    ),
    own(
      ".vimrc",
      "syntax on\nset number\nset expandtab shiftwidth=2 softtabstop=2\nset hlsearch incsearch\n",
    ),
    own(".inputrc", "set completion-ignore-case on\nset bell-style none\n"),
    own(
      ".config/htop/htoprc",
      "fields=0 48 17 18 38 39 40 2 46 47 49 1\nsort_key=46\nhide_kernel_threads=1\n",
    ),
    own(
      ".config/user-dirs.dirs",
      'XDG_DESKTOP_DIR="$HOME/Desktop"\nXDG_DOWNLOAD_DIR="$HOME/Downloads"\nXDG_DOCUMENTS_DIR="$HOME/Documents"\nXDG_PICTURES_DIR="$HOME/Pictures"\n',
    ),
    own(".config/pip/pip.conf", "[global]\ndisable-pip-version-check = true\n"),
  ];
}

function papers(random: SeededRandom): WorldFile[] {
  const todo = Array.from(
    { length: random.between(12, 24) },
    () => `- [${random.chance(0.4) ? "x" : " "}] ${verb(random)} ${phrase(random, 4)}`,
  );
  const meeting = (at: number) =>
    own(
      `notes/${isoDay(at)}-${noun(random)}.md`,
      `# ${phrase(random, 3)}\n\n${paragraphs(random, 2, 5)}\n\n* ${phrase(random, 5)}\n* ${phrase(random, 6)}\n`,
    );
  const amounts = Array.from({ length: 24 }, (_, month) =>
    [
      isoDay(WORLD_NOW - month * 30 * DAY),
      noun(random),
      `${random.between(8, 900)}.${random.between(10, 99)}`,
    ].join(";"),
  );
  return [
    own("todo.md", `# To do\n\n${todo.join("\n")}\n`),
    ...Array.from({ length: 4 }, () => meeting(WORLD_NOW - random.between(3, 200) * DAY)),
    own("Documents/letters/landlord.txt", `${paragraphs(random, 3, 5)}\n\nSam\n`),
    own("Documents/letters/insurance.txt", `${paragraphs(random, 2, 4)}\n\nSam\n`),
    own("Documents/private/expenses.csv", `date;what;amount\n${amounts.join("\n")}\n`, 0o600),
    own(
      "Documents/private/tax.md",
      `# ${isoDay(WORLD_NOW).slice(0, 4)}\n\n${paragraphs(random, 4, 9)}\n`,
      0o600,
    ),
    own(
      `Desktop/${noun(random)}.desktop`,
      "[Desktop Entry]\nType=Application\nName=Terminal\nExec=x-terminal-emulator\n",
      0o755,
    ),
    own("Downloads/read-me-first.txt", `${paragraphs(random, 1, 2)}\n`),
    own(
      `Downloads/statement-${isoDay(WORLD_NOW - 9 * DAY)}.csv`,
      `date;what;amount\n${amounts.slice(0, 6).join("\n")}\n`,
    ),
    own("Pictures/.directory", "[Desktop Entry]\nIcon=folder-pictures\n"),
  ];
}

/** One letter of a mailbox in the form of mbox (RFC 4155). */
function letter(random: SeededRandom, domain: string, at: number): string {
  const from = `${noun(random)}@${random.chance(0.5) ? domain : `${noun(random)}.example`}`;
  const when = new Date(at * 1000).toUTCString();
  const [weekday, day, month, year, time] = when.replace(",", "").split(" ");
  return `From ${from} ${weekday} ${month} ${day!.replace(/^0/, " ")} ${time} ${year}\nFrom: ${from}\nTo: sam@${domain}\nSubject: ${phrase(random, 4)}\nDate: ${when.replace("GMT", "+0000")}\nMessage-ID: <${random.bytes(9).toString("hex")}@${from.split("@")[1]}>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n${paragraphs(random, 1, 4)}\n\n`;
}

function mail(random: SeededRandom, domain: string): WorldFile[] {
  const box = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      letter(random, domain, WORLD_NOW - (count - at) * random.between(1, 2) * DAY),
    ).join("");
  return [
    {
      path: `/var/mail/${guestUser.name}`,
      mode: 0o660,
      root: false,
      content: Buffer.from(box(random.between(5, 12))),
    },
    own("Mail/inbox", box(random.between(15, 30)), 0o600),
    own("Mail/sent", box(random.between(6, 14)), 0o600),
    own(
      ".muttrc",
      `set folder = ~/Mail\nset spoolfile = +inbox\nset record = +sent\nset from = sam@${domain}\n`,
    ),
    own(
      ".mail_aliases",
      `${["office", "support", "billing"].map((name) => `alias ${name} ${name}@${domain}`).join("\n")}\n`,
    ),
  ];
}

function services(random: SeededRandom, folder: string): WorldFile[] {
  const job = `${verb(random)}-${noun(random)}`;
  const home = guestUser.home;
  return [
    {
      path: `/var/spool/cron/crontabs/${guestUser.name}`,
      mode: 0o600,
      root: false,
      content: Buffer.from(
        `# m h dom mon dow command\n15 7 * * 1-5 ${home}/${folder}/run.sh >/dev/null 2>&1\n0 */4 * * * find ${home}/Downloads -name '*.tmp' -mtime +7 -delete\n`,
      ),
    },
    system(
      "/etc/crontab",
      "SHELL=/bin/sh\nPATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin\n\n17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n25 6\t* * *\troot\ttest -x /usr/sbin/anacron || run-parts --report /etc/cron.daily\n",
    ),
    system("/etc/cron.d/e2scrub_all", "30 3 * * 0 root test -e /run/systemd/system || /sbin/e2scrub_all\n"),
    own(
      `.config/systemd/user/${job}.service`,
      `[Unit]\nDescription=${phrase(random, 3)}\n\n[Service]\nType=oneshot\nExecStart=${home}/${folder}/run.sh\n`,
    ),
    own(
      `.config/systemd/user/${job}.timer`,
      `[Unit]\nDescription=${phrase(random, 3)}\n\n[Timer]\nOnCalendar=daily\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n`,
    ),
    own(
      ".config/autostart/notify.desktop",
      "[Desktop Entry]\nType=Application\nName=Notify\nExec=/usr/bin/true\n",
    ),
  ];
}

export interface HomeOptions {
  readonly account: string;
  /** Mail domain of the user's employer. */
  readonly domain: string;
  /** Folder below the home folder in which the user's daily job lies. */
  readonly jobFolder: string;
}

export function homeFiles(random: SeededRandom, { account, domain, jobFolder }: HomeOptions): WorldFile[] {
  return [
    ...settings(random.fork("settings"), account, domain),
    ...papers(random.fork("papers")),
    ...mail(random.fork("mail"), domain),
    ...services(random.fork("services"), jobFolder),
  ];
}
