// The speed of a transfer at the moment.
import { expect, test } from "vitest";
import { Speed } from "../src/speed.ts";

test("there is none at the beginning", () => {
  expect(new Speed(1_000).at(1_000)).toBe(0);
});

test("what was there before does not count", () => {
  const speed = new Speed(0, 1_000_000);
  speed.update(1_000_500, 1_000);
  expect(speed.at(1_000)).toBe(500);
});

test("it is that of the last five seconds", () => {
  const speed = new Speed(0);
  for (let second = 1; second <= 20; second += 1) speed.update(second ** 2, second * 1_000);
  expect(speed.at(20_000)).toBe((20 ** 2 - 15 ** 2) / 5);
});

test("it sinks while nothing comes", () => {
  const speed = new Speed(0);
  speed.update(1_000, 1_000);
  expect(speed.at(1_000)).toBe(1_000);
  expect(speed.at(2_000)).toBe(500);
  expect(speed.at(10_000)).toBeLessThan(101);
});

test("many small steps cost no more than a few", () => {
  const speed = new Speed(0);
  for (let step = 1; step <= 100_000; step += 1) speed.update(step, step / 100);
  expect(speed.at(1_000)).toBe(100_000);
});
