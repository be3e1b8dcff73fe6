import type { HoneyCredential } from "../../chamber/chamber.ts";

interface Belonging {
  /** The service's domains. */
  readonly hosts: readonly string[];
  /** Names, as the kernel knows them, of the programs that keep the secret in its file. */
  readonly tools: RegExp;
}

const none = /^$/;
const byKind: Readonly<Record<string, Belonging>> = {
  "npm-token": { hosts: ["npmjs.org", "npmjs.com"], tools: /^(npm|npx|yarn|pnpm)\b/ },
  "pypi-token": { hosts: ["pypi.org"], tools: /^(twine|flit|poetry|hatch)$/ },
  "aws-key": { hosts: ["amazonaws.com"], tools: /^aws$/ },
  "gcp-credentials": { hosts: ["googleapis.com", "accounts.google.com"], tools: /^gcloud$/ },
  "azure-token": { hosts: ["microsoftonline.com", "azure.com", "windows.net"], tools: /^az$/ },
  "github-token": { hosts: ["github.com", "githubusercontent.com", "ghcr.io"], tools: /^(git|git-.*|gh)$/ },
  "kube-config": { hosts: ["eks.amazonaws.com"], tools: /^(kubectl|helm)$/ },
  "docker-auth": { hosts: ["docker.io", "docker.com"], tools: /^(docker|dockerd|podman)/ },
  "ssh-key": { hosts: [], tools: /^(ssh|scp|sftp|ssh-add|ssh-keygen)$/ },
  netrc: { hosts: [], tools: /^(curl|ftp|git-remote-http)$/ },
  "database-password": { hosts: [], tools: /^(psql|pg_dump|pg_restore)$/ },
  "mail-password": { hosts: [], tools: /^(msmtp|sendmail)$/ },
  "chat-token": { hosts: ["slack.com", "discord.com"], tools: none },
  "env-file": { hosts: ["stripe.com", "sendgrid.com"], tools: none },
  "browser-store": { hosts: [], tools: /^(firefox|chromium|chrome)/ },
  "browser-cookies": { hosts: [], tools: /^(firefox|chromium|chrome)/ },
  // A shell that starts reads its own history.
  "shell-history": { hosts: [], tools: /^(bash|sh)$/ },
};

/** Whether the host is, or lies below, one to which the credential belongs. */
export function belongsTo(credential: HoneyCredential, host: string): boolean {
  const hosts = [...(byKind[credential.kind]?.hosts ?? []), ...(credential.services ?? [])];
  return hosts.some((known) => host === known || host.endsWith(`.${known}`));
}

export const isRightfulTool = (credential: HoneyCredential, comm: string): boolean =>
  byKind[credential.kind]?.tools.test(comm) ?? false;
