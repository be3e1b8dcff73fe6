/** The agent's source of events in a process of its own: `node reader.ts FOLDER fanotify|inotify`; ended by a line on its input. */
import { createInterface } from "node:readline";
import { Watch } from "../../apps/agent/src/watch/watch.ts";

const [folder, prefer] = process.argv.slice(2) as [string, "fanotify" | "inotify"];
const seen = new Set<string>();
let writers = 0;
let gaps = 0;
const watch = await Watch.open({
  roots: [folder],
  skipped: [],
  prefer,
  expected: {},
  onChanges: (_, changes) => {
    for (const { path, writer } of changes) {
      seen.add(path);
      if (writer) writers++;
    }
  },
  onGap: () => gaps++,
  onState: () => {},
});
process.stdout.write(`ready ${watch.kind}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "count") process.stdout.write(`${seen.size}\n`);
  else break;
}
process.stdout.write(`${JSON.stringify({ seen: [...seen], gaps, writers })}\n`);
await watch.close();
process.exit(0);
