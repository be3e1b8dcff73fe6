/**
 * The runs of a hex string as YARA writes it (bytes, `??`, jumps, alternatives of bytes), each as the hex of the forms that it may have;
 * null where the string holds anything else, since that would stand between the bytes of a run.
 * @param maxForms forms of one run; where alternatives would make more, it ends
 */
export function hexRuns(text: string, maxForms: number): string[][] | null {
  const hex = text.replaceAll(" ", "");
  const runs: string[][] = [];
  let open: string[] = [""];
  const close = () => {
    runs.push(open);
    open = [""];
  };
  let read = 0;
  for (const [token] of hex.matchAll(/\[[^\]]*\]|\([^()]*\)|[0-9A-Fa-f?]{2}/g)) {
    read += token.length;
    const forms = token.startsWith("(") ? token.slice(1, -1).split("|") : [token];
    const isKnown = forms.every((form) => /^(?:[0-9A-Fa-f]{2})+$/.test(form));
    if (!isKnown || open.length * forms.length > maxForms) close();
    if (isKnown) open = open.flatMap((before) => forms.map((form) => before + form));
  }
  close();
  return read === hex.length ? runs : null;
}
