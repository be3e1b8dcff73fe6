import { ThymusError } from "@thymus/contracts";
import { type RepositoryFetcher, tampered } from "./fetcher.ts";

const KEPT = "what was verified before stays in use";

/**
 * What a refusal of tuf-js means. It wraps the cause of a refused snapshot or targets file as text, so the text is what
 * can be read; a test holds each case against the pinned version.
 */
export function tufRefusal(
  thrown: unknown,
  fetcher: RepositoryFetcher,
  trustedRoot: Uint8Array,
): ThymusError {
  if (thrown instanceof ThymusError) return thrown;
  if (fetcher.failure !== null) return fetcher.failure;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const name = fetcher.latest?.name ?? "the metadata";
  if (/is expired/.test(text)) {
    return new ThymusError(
      "TUF_EXPIRED",
      `the prescription repository is out of date: ${text}`,
      `see that the analysis centre runs and publishes, and that this machine's clock is right; ${KEPT}`,
      { cause: thrown },
    );
  }
  if (/is less than current version|Missing file .* in new snapshot|Expected version \d+, got/.test(text)) {
    return new ThymusError(
      "TUF_ROLLBACK",
      `the prescription repository shows an older state than before: ${text}`,
      `look at the server or mirror that carries it; ${KEPT}`,
      { cause: thrown },
    );
  }
  if (/was signed by \d+\/\d+ keys/.test(text) && !claimsTrustedKey(fetcher, trustedRoot)) {
    return new ThymusError(
      "TUF_UNTRUSTED",
      `${name} of the prescription repository is signed by keys that this machine does not trust`,
      `if the analysis centre was set up anew, join again; ${KEPT}`,
      { cause: thrown },
    );
  }
  return tampered(`${name}: ${text}`, thrown);
}

/** A trusted key is named, but its signature does not fit: changed content rather than another signer. */
function claimsTrustedKey(fetcher: RepositoryFetcher, trustedRoot: Uint8Array): boolean {
  try {
    const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString("utf8"));
    const { signatures, signed } = parse(fetcher.latest!.content);
    const roles = parse(trustedRoot).signed.roles;
    const trusted: string[] = roles[signed._type].keyids;
    return signatures.some(({ keyid }: { keyid: string }) => trusted.includes(keyid));
  } catch {
    return true;
  }
}
