// The queue against an array, and the cost of a long one.
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { Queue } from "../src/queue.ts";

vi.setConfig({ testTimeout: 30_000 });

test("gives what an array gives, whatever is pushed, shifted and removed in whatever order", () => {
  const step = fc.record({ what: fc.constantFrom("push", "shift", "remove"), count: fc.nat({ max: 2_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const queue = new Queue<number>();
      const model: number[] = [];
      let last = 0;
      const seen: unknown[] = [];
      const expected: unknown[] = [];
      for (const { what, count } of steps) {
        if (what === "remove") {
          const at = model.indexOf(count);
          expected.push(at !== -1);
          if (at !== -1) model.splice(at, 1);
          seen.push(queue.remove(count));
          continue;
        }
        for (let round = 0; round < count; round += 1) {
          if (what === "push") {
            last += 1;
            queue.push(last);
            model.push(last);
          } else {
            seen.push(queue.shift());
            expected.push(model.shift());
          }
        }
        seen.push(queue.length, queue.first);
        expected.push(model.length, model[0]);
      }
      expect(seen).toEqual(expected);
    }),
  );
});

test("shifts in constant time, however much there is", () => {
  const queue = new Queue<number>();
  for (let item = 0; item < 8_000_000; item += 1) queue.push(item);
  const start = performance.now();
  for (let item = 0; item < 8_000_000; item += 1) {
    if (queue.shift() !== item) throw new Error("out of order");
  }
  expect(queue.shift()).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(4_000);
});
