/**
 * A process that floods an intake: `flood.ts DIR COUNT`. Submission N gets a sample that N determines; each final answer
 * is one line "N BY VERDICT" on standard output. Started again with the same folder it goes on.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CaseId } from "@thymus/contracts";
import { openIntake } from "../intake.ts";
import { fakeAnalysis, MARK, silent } from "./fake.ts";

const [dir, count] = [process.argv[2]!, Number(process.argv[3])];
/** A quarter each: the same few contents, an infection in different hosts, nearly the same harmless, new. */
export function contentOf(index: number): string {
  const lines = (name: string) =>
    Array.from({ length: 60 }, (_, line) => `echo ${name} ${line * 7919} ${line}`).join("\n");
  const [kind, turn] = [index % 4, index >> 2];
  if (kind === 0) return `#!/bin/sh\n${lines(`same ${turn % 5}`)}\n`;
  if (kind === 1) return `#!/bin/sh\n${lines("host")}\n# ${MARK} ${turn}\n`;
  if (kind === 2) return `#!/bin/sh\n${lines("near")}\nexit ${turn}\n`;
  return `#!/bin/sh\n${lines(`new ${turn * 31_337}`)}\n`;
}
const id = (index: number) => CaseId.parse(`case-flood${index}`);

if (import.meta.main) {
  await mkdir(dir, { recursive: true });
  const intake = await openIntake({
    dataDir: join(dir, "intake"),
    corpusDir: null,
    version: "1",
    capacity: 40,
    workers: 2,
    analyse: async (turn) => {
      await sleep(5);
      return fakeAnalysis(turn);
    },
    log: silent,
  });
  let most = 0;
  for (let index = 0; index < count; index++) {
    const file = join(dir, `sample-${index}`);
    await writeFile(file, contentOf(index));
    const meta = { id: id(index), name: "run.sh", urgency: "bulk", ticket: "t" } as const;
    while ((await intake.submit(file, meta)).state === "refused") await sleep(20);
    most = Math.max(most, (await intake.depth()).open);
  }
  for (let index = 0; index < count; index++) {
    let answer = await intake.answerOf(id(index));
    for (; answer?.state !== "answered"; answer = await intake.answerOf(id(index))) await sleep(20);
    process.stdout.write(`${index} ${answer.by} ${answer.report.verdict}\n`);
  }
  process.stdout.write(`most ${most}\n`);
  await intake.close();
}
