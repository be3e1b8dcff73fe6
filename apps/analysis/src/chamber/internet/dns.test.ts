import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { AddressBook, wellKnown } from "./addresses.ts";
import { answerDns, DnsStream, encodeName, framed, readQuestion } from "./dns.ts";

const [A, PTR, MX, TXT, AAAA] = [1, 12, 15, 16, 28];

function question(name: string, type: number): Buffer {
  const head = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, encodeName(name), Buffer.from([0, type, 0, 1])]);
}
const ask = (name: string, type: number, book = new AddressBook(wellKnown)) => {
  const { reply, what } = answerDns(question(name, type), book)!;
  return {
    what,
    code: reply[3]! & 15,
    answers: reply.readUInt16BE(6),
    data: reply.subarray(-4).join("."),
    reply,
  };
};

test("a name has one plausible address, by which it is known later", () => {
  const book = new AddressBook(wellKnown);
  const first = ask("Evil.Example.org", A, book);
  assert.deepEqual([first.what, first.code, first.answers], ["A evil.example.org", 0, 1]);
  assert.equal(first.data, new AddressBook().addressOf("evil.example.org"), "the same in every run");
  assert.equal(book.nameOf(first.data), "evil.example.org");
  assert.equal(ask("dns.google", A).data, "8.8.8.8");
  const back = ask(`${first.data.split(".").reverse().join(".")}.in-addr.arpa`, PTR, book);
  assert.ok(back.reply.includes(encodeName("evil.example.org")));
});

test("there is no such name where there could be none; other types of a name are empty", () => {
  for (const name of ["localdomain", "printer.local", "x.invalid", "a.onion", "c.nosuchtld", ""])
    assert.deepEqual([ask(name, A).code, ask(name, A).answers], [3, 0], name);
  assert.deepEqual([ask("example.org", AAAA).code, ask("example.org", AAAA).answers], [0, 0]);
  assert.equal(ask("localhost", A).data, "127.0.0.1");
  assert.ok(ask("example.org", MX).reply.includes(encodeName("mail.example.org")));
  assert.ok(ask("example.org", TXT).reply.includes("v=spf1"));
});

test("an answer repeats number and question, and says that it is one (RFC 1035 4.1.1)", () => {
  const { reply } = ask("example.org", A);
  assert.equal(reply.readUInt16BE(0), 0x1234);
  assert.equal(reply.readUInt16BE(2), 0x8180);
  assert.deepEqual(reply.subarray(12, 29), question("example.org", A).subarray(12));
});

test("no bytes break it, and an answer is never a question", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const answered = answerDns(Buffer.from(bytes), new AddressBook());
      if (answered) assert.ok(answered.reply[2]! & 0x80);
      if (answered) assert.equal(readQuestion(answered.reply), null);
    }),
  );
});

test("over a stream messages come whole, however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      (messages, step) => {
        const bytes = Buffer.concat(messages.map((message) => framed(Buffer.from(message))));
        const stream = new DnsStream();
        const found: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += step)
          found.push(...stream.push(bytes.subarray(at, at + step)));
        assert.deepEqual(
          found.map((one) => [...one]),
          messages.map((one) => [...one]),
        );
      },
    ),
  );
});

test("a flood of names is answered and does not fill the memory", () => {
  const book = new AddressBook();
  for (let index = 0; index < 5000; index++)
    assert.match(book.addressOf(`n${index}.example.org`), /^\d+(\.\d+){3}$/);
  assert.equal(book.nameOf(book.addressOf("n4999.example.org")), null);
});
