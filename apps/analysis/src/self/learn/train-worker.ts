/**
 * A thread that learns the model: reads the planned pieces and gives the encoded tables back. Of two threads one counts the
 * 4-grams and learns the weights; it is sent what the other one counted.
 */
import { once } from "node:events";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { CountTable } from "../model/table.ts";
import { encodeTables } from "../model/tables.ts";
import { countFour, countOthers, type OtherTables, type SampleChunk, withWeights } from "../model/train.ts";
import type { OthersReply, TrainTask } from "./protocol.ts";

const { pieces, bytes, part, memory } = workerData as TrainTask;
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

if (part === "others") {
  const { five, ...counted } = countOthers(sample, bytes, memory);
  const { fingerprints, counts } = five;
  const answer: OthersReply = { ...counted, fingerprints, counts };
  const large = [answer.three, fingerprints, counts].map(({ buffer }) => buffer as ArrayBuffer);
  parentPort!.postMessage(answer, large);
} else {
  const reply = part === "rest" ? once(parentPort!, "message") : null;
  const four = countFour(sample, bytes);
  let others: OtherTables;
  if (reply) {
    const [{ fingerprints, counts, ...counted }] = (await reply) as [OthersReply];
    others = { ...counted, five: new CountTable(fingerprints, counts) };
  } else others = countOthers(sample, bytes, memory);
  const encoded = encodeTables(withWeights(sample, others, four));
  parentPort!.postMessage(encoded, [encoded.buffer as ArrayBuffer]);
}
