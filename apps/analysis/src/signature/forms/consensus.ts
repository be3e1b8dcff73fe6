/** What some bodies have at one place of their common order: a byte of each, -1 where one has none. */
export type Column = Int16Array;

const MATCH = 1;
const MISMATCH = -0.7;
const GAP = -0.8;
/** How far two bodies may be shifted against each other, beyond their difference in length. */
const BAND = 80;

/**
 * Bytes of several bodies in a common order, column by column: each body is aligned with those before it, by dynamic programming in
 * a band (Needleman and Wunsch), a byte that any of them holds at a place counting as equal by its share.
 * @param bodies up to a few hundred bytes each
 */
export function consensus(bodies: readonly Uint8Array[]): Column[] {
  const total = bodies.length;
  let columns: Column[] = [...bodies[0]!].map((byte) => new Int16Array(total).fill(-1).fill(byte, 0, 1));
  for (let n = 1; n < total; n++) columns = merge(columns, bodies[n]!, n, total);
  return columns;
}

function merge(columns: readonly Column[], body: Uint8Array, n: number, total: number): Column[] {
  const rows = columns.length;
  const width = body.length;
  const shares = columns.map((column) => sharesOf(column, n));
  const band = Math.abs(rows - width) + BAND;
  const span = 2 * band + 1;
  // Offset of a cell's column in its row: column - (row - band).
  const steps = new Uint8Array((rows + 1) * span);
  let last = new Float32Array(span).fill(-1e9);
  let row = new Float32Array(span);
  for (let k = band; k < span; k++) {
    const j = k - band;
    if (j > width) break;
    last[k] = 0;
    steps[k] = 2;
  }
  for (let i = 1; i <= rows; i++) {
    row.fill(-1e9);
    const share = shares[i - 1]!;
    const low = Math.max(0, i - band);
    const high = Math.min(width, i + band);
    for (let j = low; j <= high; j++) {
      const k = j - i + band;
      // Ends are free: bodies may begin and end with something of their own.
      let best = k + 1 < span ? last[k + 1]! + (j === width || j === 0 ? 0 : GAP) : -1e9;
      let step = 1;
      if (j === 0) {
        best = 0;
        step = 1;
      } else {
        const across = last[k]! + share[body[j - 1]!]!;
        if (across >= best) [best, step] = [across, 0];
        const left = k > 0 ? row[k - 1]! + (i === rows ? 0 : GAP) : -1e9;
        if (left > best) [best, step] = [left, 2];
      }
      row[k] = best;
      steps[i * span + k] = step;
    }
    [last, row] = [row, last];
  }
  const result: Column[] = [];
  let i = rows;
  let j = width;
  while (i > 0 || j > 0) {
    const step = i === 0 ? 2 : j === 0 ? 1 : steps[i * span + (j - i + band)]!;
    if (step === 0) {
      const column = columns[--i]!;
      column[n] = body[--j]!;
      result.push(column);
    } else if (step === 1) result.push(columns[--i]!);
    else {
      const column = new Int16Array(total).fill(-1);
      column[n] = body[--j]!;
      result.push(column);
    }
  }
  return result.reverse();
}

/** Score of each byte value against a column of `n` bodies. */
function sharesOf(column: Column, n: number): Float32Array {
  const scores = new Float32Array(256).fill(MISMATCH);
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) if (column[i]! >= 0) counts.set(column[i]!, (counts.get(column[i]!) ?? 0) + 1);
  const distinct = counts.size;
  for (const [byte, count] of counts) scores[byte] = distinct > 4 ? 0.1 : MATCH * (0.4 + (0.6 * count) / n);
  // Where nothing agrees so far another difference is no surprise.
  if (distinct > 2) for (let byte = 0; byte < 256; byte++) if (!counts.has(byte)) scores[byte] = -0.2;
  return scores;
}
