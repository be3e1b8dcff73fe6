/** Brings three variants one after the other into the world at the folder given; goes on where it was killed. */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CaseId } from "@thymus/contracts";
import { variant } from "./variants.ts";
import { World } from "./world.ts";

const world = await World.at(process.argv[2]!);
for (const number of [1, 2, 3]) {
  const id = CaseId.parse(`case-${number}`);
  const folder = join(world.root, id);
  // As the centre does: a case whose record is there is finished, and only brought to the memory again.
  if (existsSync(join(folder, "kin.json"))) {
    const prescription = JSON.parse(await readFile(join(folder, "prescription.json"), "utf8"));
    await world.memory.remember(folder, id, prescription);
    await world.memory.published(prescription.id);
    continue;
  }
  await rm(folder, { recursive: true, force: true });
  await world.program(variant(number), "elf64", `machine-${number}`, id);
}
await world.memory.close();
