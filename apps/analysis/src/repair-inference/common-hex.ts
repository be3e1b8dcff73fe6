export interface CommonHex {
  /** Two digits a byte, `??` where the runs differ. */
  readonly hex: string;
  /** The bytes that are the same in all runs, in order. */
  readonly constant: readonly number[];
}

/** What runs have in common, as far as the shortest goes. */
export function commonHex(runs: readonly Uint8Array[]): CommonHex {
  const length = Math.min(...runs.map((run) => run.length));
  const constant: number[] = [];
  let hex = "";
  for (let i = 0; i < length; i++) {
    const byte = runs[0]![i]!;
    if (runs.every((run) => run[i] === byte)) {
      constant.push(byte);
      hex += byte.toString(16).padStart(2, "0");
    } else hex += "??";
  }
  return { hex, constant };
}
