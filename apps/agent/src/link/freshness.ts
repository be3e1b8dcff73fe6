import { asThymusError, type ErrorCode } from "@thymus/contracts";
import type { PrescriptionSource } from "../scanning/prescriptions.ts";

/** Milliseconds before what was verified runs out from which on it is refreshed, whether anything new is wanted or not. */
const AHEAD = 24 * 3_600_000;
/** Milliseconds between two tries of that. */
const AGAIN = 10 * 60_000;

/** Refused content, which no other line would make better. */
const REFUSED: readonly ErrorCode[] = ["TUF_EXPIRED", "TUF_ROLLBACK", "TUF_TAMPERED", "TUF_UNTRUSTED"];

/** Keeps what was verified of the prescription repository from running out, and knows what to tell where that fails. */
export class Freshness {
  #source: PrescriptionSource | null = null;
  #trouble: { readonly code: ErrorCode; readonly why: string } | null = null;
  #tried = Number.NEGATIVE_INFINITY;

  /** The same source, whose refreshes are noted here. */
  over(source: PrescriptionSource | null): PrescriptionSource | null {
    this.#source = source;
    if (!source) return null;
    return {
      get expires() {
        return source.expires;
      },
      read: (path) => source.read(path),
      refresh: () => this.#refresh(source),
    };
  }

  async #refresh(source: PrescriptionSource): Promise<void> {
    try {
      await source.refresh();
      this.#trouble = null;
    } catch (thrown) {
      const { code, message } = asThymusError(thrown);
      this.#trouble = { code, why: `${code}: ${message}` };
      throw thrown;
    }
  }

  /** Refreshes what runs out soon. Trouble is what `notices` tells. */
  async keep(source: PrescriptionSource | null): Promise<void> {
    this.#source = source;
    const now = Date.now();
    const expires = source?.expires;
    const due = this.#trouble !== null || (expires && Number(expires) - now < AHEAD);
    // A clock that was set back must not end the tries.
    if (!source || !due || Math.abs(now - this.#tried) < AGAIN) return;
    this.#tried = now;
    await this.#refresh(source).catch(() => {});
  }

  notices(): string[] {
    const expires = this.#source?.expires ?? null;
    const over = expires !== null && Number(expires) <= Date.now();
    const trouble = this.#trouble;
    const kept = "what is active stays active, nothing new is taken";
    if (over) {
      const since = expires.toISOString();
      return [
        `what was verified of the prescriptions ran out at ${since}; ${kept}${trouble ? ` (${trouble.why})` : ""}`,
      ];
    }
    return trouble && REFUSED.includes(trouble.code)
      ? [`the prescriptions cannot be renewed; ${kept} (${trouble.why})`]
      : [];
  }
}
