/** A source of numbers from 0 up to, not with, 1. The same stream gives the same infection. */
export type Random = () => number;

export type ScriptKind = "shell" | "python" | "perl" | "node" | "php";

/** One way to change a host with an inert body. */
export interface BlindInfection {
  readonly id: string;
  readonly hosts: "elf" | "script" | "json";
  readonly scriptKind?: ScriptKind;
  /** One line. */
  readonly what: string;
  /**
   * What of the inserted part is the same in every infection: the body in the clear (`plain`, perhaps cut in pieces, with
   * other names or with bytes that vary in between), only a small part beside an encoded body (`stub`), or nothing that
   * is as long as eight bytes (`none`).
   */
  readonly constant: "plain" | "stub" | "none";
  /** The host's bytes can all be got back from the infected file alone. */
  readonly keepsBytes: boolean;
  /** Null where this host does not suit. */
  infect(host: Uint8Array, random: Random): Uint8Array | null;
}

/** A change of a file that is no infection. */
export type BlindHarmless = Omit<BlindInfection, "constant" | "keepsBytes">;

/** What only the tests of this folder see of an infection. */
export interface BlindKind extends BlindInfection {
  /** What is constant comes in runs shorter than twelve bytes. */
  readonly gaps?: true;
  /** The inverse of `infect`; there where `keepsBytes` is true, and only there. */
  restore?(infected: Uint8Array): Uint8Array;
}
