/** Kinds of honey credentials in words. */

const words: Readonly<Record<string, string>> = {
  "npm-token": "npm token",
  "pypi-token": "PyPI token",
  "github-token": "GitHub token",
  "git-credentials": "Git credentials",
  "aws-key": "AWS access key",
  "gcp-key": "Google Cloud key",
  "azure-key": "Azure key",
  "ssh-key": "SSH private key",
  "gpg-key": "GnuPG private key",
  "docker-config": "container registry login",
  "kube-config": "Kubernetes login",
  "env-file": "secrets of an .env file",
  "browser-store": "passwords kept by the browser",
  "browser-cookies": "browser session",
  "password-store": "password store",
  "database-password": "database password",
  netrc: "logins of .netrc",
  wallet: "cryptocurrency wallet",
};

/** A kind that this version does not know keeps its own name. */
export const credentialWord = (kind: string): string =>
  Object.hasOwn(words, kind) ? words[kind]! : kind.replaceAll("-", " ");
