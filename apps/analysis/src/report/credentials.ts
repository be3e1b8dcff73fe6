/** Kinds of honey credentials in words. */

const words: Readonly<Record<string, string>> = {
  "aws-key": "AWS access key",
  "azure-token": "Azure token",
  "browser-cookies": "browser session",
  "browser-store": "passwords kept by the browser",
  "chat-token": "chat token",
  "database-password": "database password",
  "docker-auth": "container registry login",
  "env-file": "secrets of an .env file",
  "gcp-credentials": "Google Cloud credentials",
  "github-token": "GitHub token",
  "kube-config": "Kubernetes login",
  "mail-password": "mail password",
  netrc: "logins of .netrc",
  "npm-token": "npm token",
  "pypi-token": "PyPI token",
  "ssh-key": "SSH private key",
  "vault-token": "Vault token",
  wallet: "cryptocurrency wallet",
};

/** A kind that this version does not know keeps its own name. */
export const credentialWord = (kind: string): string =>
  Object.hasOwn(words, kind) ? words[kind]! : kind.replaceAll("-", " ");
