/** Samples in age format (age-encryption.org/v1): X25519, then ChaCha20-Poly1305 in chunks of 64 KiB. */
import { ThymusError } from "@thymus/contracts";
import { Decrypter, Encrypter } from "age-encryption";

/** A header for one recipient has some 200 bytes. Bounded, since age reads header lines of any length into memory. */
const MAX_HEADER_BYTES = 8 * 1024;
const HEADER_START = "age-encryption.org/v1\n";
const HEADER_END = "\n--- ";

type ByteStream = ReadableStream<Uint8Array>;

/**
 * Encrypts while it is read; holds some hundred KiB at a time.
 * @throws ThymusError KEY_INVALID where the recipient is none
 */
export async function sealStream(plain: ByteStream, recipient: string): Promise<ByteStream> {
  return await encrypterFor(recipient).encrypt(plain);
}

/**
 * Decrypts while it is read. The stream fails with SEAL_BROKEN where the bytes were changed or cut: what came before
 * then must not be used.
 * @throws ThymusError SEAL_BROKEN (no age file, or for somebody else), KEY_INVALID
 */
export async function openStream(sealed: ByteStream, identity: string): Promise<ByteStream> {
  const decrypter = decrypterFor(identity);
  const plain = await decrypter.decrypt(boundHeader(sealed)).catch((thrown) => {
    throw sealBroken(thrown);
  });
  return failingWith(plain, sealBroken);
}

/** @throws ThymusError KEY_INVALID */
export async function sealBytes(bytes: Uint8Array, recipient: string): Promise<Uint8Array> {
  return await encrypterFor(recipient).encrypt(bytes);
}

/** @throws ThymusError SEAL_BROKEN, KEY_INVALID */
export async function openBytes(sealed: Uint8Array, identity: string): Promise<Uint8Array> {
  const decrypter = decrypterFor(identity);
  try {
    checkHeader(sealed);
    return await decrypter.decrypt(sealed);
  } catch (thrown) {
    throw sealBroken(thrown);
  }
}

function encrypterFor(recipient: string): Encrypter {
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new ThymusError(
      "KEY_INVALID",
      "the age recipient is not usable",
      "enrol the analysis centre again",
      {
        cause,
      },
    );
  }
  return encrypter;
}

function decrypterFor(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
  } catch (cause) {
    throw new ThymusError("KEY_INVALID", "the age identity is not usable", "restore the key file", { cause });
  }
  return decrypter;
}

/** An error of ours (from the source below) passes; all that age says means: not openable with this key. */
function sealBroken(thrown: unknown): ThymusError {
  if (thrown instanceof ThymusError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new ThymusError(
    "SEAL_BROKEN",
    `the sealed sample cannot be opened: ${why}`,
    "have it sealed and sent again; if it stays, compare the recipient with this centre's",
    { cause: thrown },
  );
}

function checkHeader(head: Uint8Array): void {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, MAX_HEADER_BYTES)).toString(
    "latin1",
  );
  if (!text.startsWith(HEADER_START) || !text.includes(HEADER_END)) throw new Error("no age header");
}

/** Looks at the head of the stream before age does, and passes everything on unchanged. */
function boundHeader(source: ByteStream): ByteStream {
  let head: Uint8Array | null = new Uint8Array(0);
  return source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (head === null) return controller.enqueue(chunk);
        head = Buffer.concat([head, chunk]);
        if (head.length < MAX_HEADER_BYTES) return;
        checkHeader(head);
        controller.enqueue(head);
        head = null;
      },
      flush(controller) {
        if (head === null) return;
        checkHeader(head);
        controller.enqueue(head);
      },
    }),
  );
}

function failingWith(source: ByteStream, translate: (thrown: unknown) => ThymusError): ByteStream {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (thrown) {
          controller.error(translate(thrown));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
