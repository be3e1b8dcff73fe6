/** Harmless programs that no other run made: what is new in the bench. Each only counts, prints and writes in its home. */

const words =
  "amber basil cedar delta ember fjord grove haven islet jetty knoll larch maple north ocean pearl".split(
    " ",
  );

/** @param random numbers from 0 to 1 */
export function newProgram(random: () => number): { name: string; text: string } {
  const number = () => Math.floor(random() * 1e9);
  const word = () => `${words[Math.floor(random() * words.length)]}_${number()}`;
  const lines = (make: () => string) => Array.from({ length: 24 }, make).join("\n");
  const kind = Math.floor(random() * 3);
  if (kind === 0)
    return {
      name: "report.sh",
      text: `#!/bin/sh\n${lines(() => `${word()}=${number()}; echo "${word()} ${number()}"`)}\necho ${number()} >"$HOME/${word()}.txt"\n`,
    };
  if (kind === 1)
    return {
      name: "report.py",
      text: `#!/usr/bin/python3\n${lines(() => `${word()} = ${number()} % ${1 + number()}`)}\nprint(${number()})\nopen("${word()}.txt", "w").write("${word()}\\n")\n`,
    };
  return {
    name: "report.pl",
    text: `#!/usr/bin/perl\nuse strict;\n${lines(() => `my $${word()} = ${number()} + ${number()};`)}\nprint ${number()}, "\\n";\n`,
  };
}
