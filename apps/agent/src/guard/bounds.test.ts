import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { boundsOf, endOf } from "./answerer/bounds.ts";

const deadline = fc.integer({ min: 200, max: 5000 });

test("an answer, then the end of the process, then the deadline: something is kept between them", () => {
  fc.assert(
    fc.property(deadline, (ms) => {
      const { answerMs, endMs, reserve } = boundsOf(ms);
      assert.ok(reserve >= 25 && answerMs >= ms / 2);
      assert.ok(answerMs + reserve <= endMs && endMs + reserve <= ms);
    }),
  );
});

test("whenever the process stops, who asked before or asks afterwards waits for less than the deadline", () => {
  const turns = fc.array(fc.record({ after: fc.nat({ max: 90 }), asks: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(deadline, turns, (ms, list) => {
      const bounds = boundsOf(ms);
      let now = 0;
      let waiting: number[] = [];
      for (const { after, asks } of list) {
        now += after;
        if (asks) waiting.push(now);
        // As in a turn: who waited for too long is answered, then the timer is wound up.
        waiting = waiting.filter((since) => now < since + bounds.answerMs);
        const end = endOf(bounds, now, Math.min(...waiting.map((since) => since + bounds.answerMs)));
        assert.ok(end > now, "a process that turns is never ended");
        for (const since of [...waiting, now]) assert.ok(end - since <= ms - bounds.reserve);
      }
    }),
  );
});
