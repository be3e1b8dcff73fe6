import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun } from "../../chamber/decoys/words.ts";
import { join, type Part, secret } from "../part.ts";
import { alphanumeric, checkedToken, digits, hexText, password, urlText } from "./tokens.ts";

/** What logs into other machines and services: code hosts, web, databases, chat, mail. */
export function hostCredentials(random: SeededRandom, account: string, hosts: readonly string[]): Part {
  const gh = checkedToken(random, "gho");
  const ghp = checkedToken(random, "ghp");
  const [netrc, database, mail] = [password(random, 20), alphanumeric(random, 24), alphanumeric(random, 16)];
  const slack = `xoxb-${digits(random, 12)}-${digits(random, 13)}-${alphanumeric(random, 24)}`;
  const hook = `https://discord.com/api/webhooks/${digits(random, 19)}/${urlText(random, 68)}`;
  const vault = `hvs.${urlText(random, 90)}`;
  const [web, db] = [hosts[0]!, hosts[1]!];
  return join(
    secret(
      "github-token",
      ".config/gh/hosts.yml",
      `github.com:\n    git_protocol: https\n    users:\n        ${account}:\n            oauth_token: ${gh}\n    user: ${account}\n    oauth_token: ${gh}\n`,
      [gh],
    ),
    secret("github-token", ".git-credentials", `https://${account}:${ghp}@github.com\n`, [ghp]),
    secret("netrc", ".netrc", `machine ${web}\n  login sam\n  password ${netrc}\n`, [netrc], [web]),
    secret("database-password", ".pgpass", `${db}:5432:${noun(random)}:sam:${database}\n`, [database], [db]),
    secret(
      "chat-token",
      ".config/notify/config.toml",
      `[slack]\ntoken = "${slack}"\nchannel = "#deploy"\n\n[discord]\nwebhook = "${hook}"\n`,
      [slack, hook.slice(-68)],
    ),
    secret(
      "mail-password",
      ".msmtprc",
      `defaults\nauth on\ntls on\n\naccount ${noun(random)}\nhost smtp.${web.replace(/^[^.]+\./, "")}\nport 587\nfrom sam@${web.replace(/^[^.]+\./, "")}\nuser sam\npassword ${mail}\n`,
      [mail],
      [`smtp.${web.replace(/^[^.]+\./, "")}`],
    ),
    secret("vault-token", ".vault-token", vault, [vault]),
  );
}

/** Settings of a service as a developer's copy has them. */
export function environmentFile(random: SeededRandom, path: string, host: string): Part {
  const [database, session] = [alphanumeric(random, 24), hexText(random, 48)];
  const payment = `sk_live_${alphanumeric(random, 24)}`;
  const mailer = `SG.${urlText(random, 22)}.${urlText(random, 43)}`;
  const text = `NODE_ENV=development
PORT=${random.between(3000, 3999)}
DATABASE_URL=postgres://app:${database}@${host}:5432/${noun(random)}
SESSION_SECRET=${session}
STRIPE_SECRET_KEY=${payment}
SENDGRID_API_KEY=${mailer}
LOG_LEVEL=info
`;
  return secret("env-file", path, text, [database, session, payment, mailer], [host]);
}
