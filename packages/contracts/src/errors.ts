/**
 * The closed table of error codes. A code is never used again for another meaning.
 * `exit` is the exit status of a command that ends with it; `http` the status of a request.
 */
export const errorTable = {
  USAGE: { exit: 2, http: 400 },
  CONFIG_INVALID: { exit: 2, http: 400 },
  DOCUMENT_INVALID: { exit: 2, http: 400 },
  NOT_FOUND: { exit: 2, http: 404 },
  NOT_A_FILE: { exit: 2, http: 400 },
  UNREADABLE: { exit: 2, http: 400 },
  EMPTY: { exit: 2, http: 400 },
  TOO_LARGE: { exit: 2, http: 413 },
  TOO_DEEP: { exit: 2, http: 400 },
  TOO_MANY: { exit: 2, http: 429 },
  CONFLICT: { exit: 2, http: 409 },
  UNAUTHENTICATED: { exit: 2, http: 401 },
  FORBIDDEN: { exit: 2, http: 403 },
  TOKEN_INVALID: { exit: 2, http: 401 },
  TOKEN_USED: { exit: 2, http: 401 },
  KEY_INVALID: { exit: 2, http: 400 },
  KEY_PERMISSIONS: { exit: 2, http: 500 },
  SEAL_BROKEN: { exit: 2, http: 400 },
  REPLAYED: { exit: 2, http: 409 },
  TUF_ROLLBACK: { exit: 2, http: 400 },
  TUF_EXPIRED: { exit: 2, http: 400 },
  TUF_TAMPERED: { exit: 2, http: 400 },
  TUF_UNTRUSTED: { exit: 2, http: 400 },
  TUF_UNAVAILABLE: { exit: 2, http: 503 },
  UNREACHABLE: { exit: 2, http: 502 },
  RUNTIME_MISSING: { exit: 2, http: 500 },
  TOOL_MISSING: { exit: 2, http: 500 },
  TOOL_FAILED: { exit: 2, http: 500 },
  CHAMBER_NOT_BUILT: { exit: 2, http: 503 },
  CHAMBER_FAILED: { exit: 2, http: 500 },
  CHAMBER_TIMEOUT: { exit: 2, http: 504 },
  CONFINEMENT_UNAVAILABLE: { exit: 2, http: 500 },
  CORPUS_MISSING: { exit: 2, http: 503 },
  CORPUS_TOO_SMALL: { exit: 2, http: 503 },
  RULE_INVALID: { exit: 2, http: 400 },
  REPAIR_REFUSED: { exit: 2, http: 409 },
  REPAIR_FAILED: { exit: 2, http: 500 },
  PROTECTED_PATH: { exit: 2, http: 403 },
  QUARANTINE_DAMAGED: { exit: 2, http: 500 },
  STORE_FAILED: { exit: 2, http: 500 },
  STORE_NEWER: { exit: 2, http: 500 },
  BUDGET_EXHAUSTED: { exit: 3, http: 504 },
  INTERRUPTED: { exit: 2, http: 500 },
  PERSON_NEEDED: { exit: 3, http: 409 },
  NO_CONSTANT_PART: { exit: 3, http: 200 },
  NO_SOUND_RULE: { exit: 3, http: 200 },
  INTERNAL: { exit: 2, http: 500 },
} as const;

export type ErrorCode = keyof typeof errorTable;
export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/**
 * An error that a person or another program is meant to read: what happened to what (message),
 * and what to do (hint).
 */
export class ThymusError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  constructor(code: ErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ThymusError";
    this.code = code;
    this.hint = hint;
  }
  /** The one line that every command prints: `thymus: CODE: what happened, what to do`. */
  toLine(): string {
    return `thymus: ${this.code}: ${this.message}; ${this.hint}`.replace(/\s*\n\s*/g, " ");
  }
  toJSON(): { error: { code: ErrorCode; message: string; hint: string } } {
    return { error: { code: this.code, message: this.message, hint: this.hint } };
  }
}

/** Wraps anything that was thrown; an error of ours passes unchanged. */
export function asThymusError(thrown: unknown): ThymusError {
  if (thrown instanceof ThymusError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ThymusError(
    "INTERNAL",
    message || "an unnamed failure",
    "report it with the command that you ran",
    {
      cause: thrown,
    },
  );
}
