/**
 * A thread that learns the model: reads the planned pieces and gives the encoded tables back. Of two threads one counts the
 * 5-grams, the other the rest; it is sent what the first one counted.
 */
import { once } from "node:events";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { CountTable } from "../model/table.ts";
import { encodeTables } from "../model/tables.ts";
import { countFive, countLow, type SampleChunk, withWeights } from "../model/train.ts";
import type { FiveReply, TrainTask } from "./protocol.ts";

const { pieces, bytes, part } = workerData as TrainTask;
const buffer = Buffer.alloc(pieces.reduce((most, { length }) => Math.max(most, length), 0));

function* sample(): Generator<SampleChunk> {
  for (const piece of pieces) {
    try {
      const fd = openSync(piece.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const length = readSync(fd, buffer, 0, piece.length, piece.offset);
        yield { bytes: buffer.subarray(0, length), heldOut: piece.heldOut };
      } finally {
        closeSync(fd);
      }
    } catch (cause) {
      if (!(cause as NodeJS.ErrnoException).code) throw cause;
    }
  }
}

if (part === "five") {
  const { fingerprints, counts } = countFive(sample, bytes);
  const answer: FiveReply = { fingerprints, counts };
  parentPort!.postMessage(answer, [fingerprints.buffer as ArrayBuffer, counts.buffer as ArrayBuffer]);
} else {
  const other = part === "rest" ? once(parentPort!, "message") : null;
  const low = countLow(sample, bytes);
  let five: CountTable;
  if (other) {
    const [{ fingerprints, counts }] = (await other) as [FiveReply];
    five = new CountTable(fingerprints, counts);
  } else five = countFive(sample, bytes);
  const encoded = encodeTables(withWeights(sample, low, five));
  parentPort!.postMessage(encoded, [encoded.buffer as ArrayBuffer]);
}
