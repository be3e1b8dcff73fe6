/** What to say where nobody knows the protocol. */

/** Answers that one connection gets at most: two programs that answer each other would never end. */
export const MAX_ANSWERS = 3;

/**
 * A short line. To what looks like the prompt of a shell it says what somebody at the other end would type first, and
 * then good bye, so that a shell that was handed out ends.
 */
export function answerRaw(bytes: Buffer, turn: number): string {
  const end = bytes.toString("latin1", Math.max(0, bytes.length - 64));
  if (/[$#%>] ?$/.test(end)) return turn === 0 ? "id\n" : "exit\n";
  return "ok\n";
}
