/** The thread that learns the model: reads the planned pieces and gives the encoded tables back. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { encodeTables } from "../model/tables.ts";
import { type SampleChunk, train } from "../model/train.ts";
import type { SamplePiece } from "./sample-plan.ts";

const { pieces, bytes } = workerData as { pieces: readonly SamplePiece[]; bytes: number };
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

const encoded = encodeTables(train(sample, bytes));
parentPort!.postMessage(encoded, [encoded.buffer as ArrayBuffer]);
