import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { join, own, type Part, plain, secret } from "../part.ts";
import { alphanumeric, base64Text, digits, hexText, upperBase32, urlText, uuid } from "./tokens.ts";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function aws(random: SeededRandom): Part {
  const keys = [1, 2].map(() => ({ id: `AKIA${upperBase32(random, 16)}`, secret: base64Text(random, 40) }));
  const profile = (name: string, key: (typeof keys)[number]) =>
    `[${name}]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`;
  return join(
    secret(
      "aws-key",
      ".aws/credentials",
      `${profile("default", keys[0]!)}\n${profile("backup", keys[1]!)}`,
      keys.flatMap((key) => [key.secret, key.id]),
    ),
    plain(
      own(
        ".aws/config",
        "[default]\nregion = eu-central-1\noutput = json\n\n[profile backup]\nregion = eu-west-1\n",
        0o600,
      ),
    ),
  );
}

function google(random: SeededRandom): Part {
  const clientSecret = `GOCSPX-${urlText(random, 28)}`;
  const refresh = `1//0${urlText(random, 98)}`;
  return secret(
    "gcp-credentials",
    ".config/gcloud/application_default_credentials.json",
    json({
      account: "",
      client_id: `${digits(random, 12)}-${alphanumeric(random, 32).toLowerCase()}.apps.googleusercontent.com`,
      client_secret: clientSecret,
      quota_project_id: `billing-${digits(random, 6)}`,
      refresh_token: refresh,
      type: "authorized_user",
      universe_domain: "googleapis.com",
    }),
    [refresh, clientSecret],
  );
}

function azure(random: SeededRandom): Part {
  const [tenant, object, client] = [uuid(random), uuid(random), uuid(random)];
  const refresh = `0.A${urlText(random, 120)}.${urlText(random, 200)}`;
  const key = `${object}.${tenant}-login.microsoftonline.com-refreshtoken-${client}--`;
  const part = secret(
    "azure-token",
    ".azure/msal_token_cache.json",
    json({
      RefreshToken: {
        [key]: {
          credential_type: "RefreshToken",
          secret: refresh,
          home_account_id: `${object}.${tenant}`,
          environment: "login.microsoftonline.com",
          client_id: client,
          last_modification_time: "1779871442",
        },
      },
    }),
    [refresh],
  );
  const profile = {
    installationId: uuid(random),
    subscriptions: [{ id: uuid(random), name: "Pay-As-You-Go", state: "Enabled", tenantId: tenant }],
  };
  return join(part, plain(own(".azure/azureProfile.json", json(profile), 0o600)));
}

function kubernetes(random: SeededRandom): Part {
  const token = `k8s-aws-v1.${urlText(random, 86)}`;
  // The form of a client key: DER in PEM in base64. Its bytes are random, so it opens nothing.
  const pem = `-----BEGIN EC PRIVATE KEY-----\n${random.bytes(121).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END EC PRIVATE KEY-----\n`;
  const host = `${hexText(random, 32).toUpperCase()}.gr7.eu-central-1.eks.amazonaws.com`;
  const text = `apiVersion: v1
kind: Config
clusters:
- name: staging
  cluster:
    server: https://${host}
    insecure-skip-tls-verify: true
contexts:
- name: staging
  context:
    cluster: staging
    namespace: default
    user: sam
current-context: staging
users:
- name: sam
  user:
    token: ${token}
- name: operator
  user:
    client-key-data: ${Buffer.from(pem).toString("base64")}
`;
  const lines = pem.split("\n").slice(1, 3);
  return secret("kube-config", ".kube/config", text, [token, ...lines]);
}

function docker(random: SeededRandom): Part {
  const token = `dckr_pat_${urlText(random, 27)}`;
  const auth = Buffer.from(`sam:${token}`).toString("base64");
  const text = JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }, null, "\t");
  return secret("docker-auth", ".docker/config.json", text, [token, auth]);
}

/** Keys to what runs elsewhere. */
export const cloudCredentials = (random: SeededRandom): Part =>
  join(
    aws(random.fork("aws")),
    google(random.fork("google")),
    azure(random.fork("azure")),
    kubernetes(random.fork("kubernetes")),
    docker(random.fork("docker")),
  );
