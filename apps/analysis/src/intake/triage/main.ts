/** Entry of the confined triage worker: reads files of the one folder that it sees, answers in lines of JSON. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { asThymusError, parseJsonDocument } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import { Triage } from "./look.ts";
import { type TriageLine, TriageOrder } from "./protocol.ts";

const folder = process.argv[2]!;
const say = (line: TriageLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const triage = new Triage(await loadEngine());

for await (const line of createInterface({ input: process.stdin })) {
  const order = parseJsonDocument(TriageOrder, line, "an order to the triage worker");
  if ("rules" in order) {
    triage.use(order.rules);
    continue;
  }
  const { id, file, name } = order.look;
  try {
    const handle = await open(join(folder, file), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      say({ looked: triage.look(id, await handle.readFile(), name) });
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    say({ failed: { id, why: asThymusError(thrown).message.slice(0, 512) } });
  }
}
