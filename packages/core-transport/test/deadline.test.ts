// A deadline: one timer that is armed, disarmed and armed anew.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Deadline } from "../src/deadline.ts";

describe("a deadline", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("runs its function once, when the time is up", () => {
    const expire = vi.fn<() => void>();
    const deadline = new Deadline();
    deadline.arm(100, expire);
    expect(deadline.armed).toBe(true);
    vi.advanceTimersByTime(99);
    expect(expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expire).toHaveBeenCalledTimes(1);
    expect(deadline.armed).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(expire).toHaveBeenCalledTimes(1);
  });

  test("that is armed anew counts from then, with the new time and the new function", () => {
    const calls: string[] = [];
    const deadline = new Deadline();
    deadline.arm(100, () => calls.push("first"));
    vi.advanceTimersByTime(60);
    deadline.arm(100, () => calls.push("second"));
    vi.advanceTimersByTime(99);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(["second"]);
    deadline.arm(100, () => calls.push("third"));
    deadline.arm(10, () => calls.push("sooner"));
    vi.advanceTimersByTime(10);
    deadline.arm(1_000, () => calls.push("later"));
    vi.advanceTimersByTime(999);
    expect(calls).toEqual(["second", "sooner"]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(["second", "sooner", "later"]);
  });

  test("that is disarmed runs nothing, and can be armed again", () => {
    const expire = vi.fn<() => void>();
    const deadline = new Deadline();
    deadline.arm(100, expire);
    deadline.disarm();
    expect(deadline.armed).toBe(false);
    vi.advanceTimersByTime(100);
    expect(expire).not.toHaveBeenCalled();
    deadline.arm(100, expire);
    vi.advanceTimersByTime(100);
    expect(expire).toHaveBeenCalledTimes(1);
  });

  test("can be armed by the function that it runs", () => {
    const deadline = new Deadline();
    const expire = vi.fn<() => void>(() => deadline.arm(100, expire));
    deadline.arm(100, expire);
    vi.advanceTimersByTime(350);
    expect(expire).toHaveBeenCalledTimes(3);
  });

  test.each([Infinity, 2_147_483_648])("of %d ms never comes, and undoes the one before", (milliseconds) => {
    const expire = vi.fn<() => void>();
    const deadline = new Deadline();
    deadline.arm(100, expire);
    deadline.arm(milliseconds, expire);
    vi.advanceTimersByTime(10_000);
    expect(expire).not.toHaveBeenCalled();
    expect(deadline.armed).toBe(false);
  });

  test("that is closed leaves no timer behind", () => {
    const expire = vi.fn<() => void>();
    const deadline = new Deadline();
    deadline.arm(777, expire);
    deadline.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expire).not.toHaveBeenCalled();
  });

  test("uses one timer, however often it is armed", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const deadline = new Deadline();
    for (let round = 0; round < 100; round += 1) {
      deadline.arm(4_321, () => undefined);
      deadline.disarm();
    }
    expect(set).toHaveBeenCalledTimes(1);
    deadline.close();
  });

  test("shares its timer with all others of the same length", () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    const expired: number[] = [];
    const deadlines = Array.from({ length: 100 }, () => new Deadline());
    for (const [index, deadline] of deadlines.entries()) {
      deadline.arm(5_432, (of: number) => expired.push(of), index);
      vi.advanceTimersByTime(1);
    }
    expect(set).toHaveBeenCalledTimes(1);
    deadlines[1]?.close();
    deadlines[2]?.disarm();
    vi.advanceTimersByTime(5_432 - 100);
    expect(expired).toEqual([0]);
    vi.advanceTimersByTime(100);
    expect(expired).toEqual([0, ...Array.from({ length: 97 }, (_, index) => index + 3)]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("starts a new timer where a test has set another clock meanwhile", () => {
    const expire = vi.fn<() => void>();
    new Deadline().arm(60_000, expire);
    vi.useRealTimers();
    vi.useFakeTimers();
    const deadline = new Deadline();
    deadline.arm(60_000, expire);
    vi.advanceTimersByTime(60_000);
    expect(expire).toHaveBeenCalled();
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

test("a deadline does not keep the process alive", () => {
  const before = timers();
  const deadline = new Deadline();
  deadline.arm(60_000, () => undefined);
  deadline.arm(60_000, () => undefined);
  expect(timers()).toBe(before);
  deadline.close();
});
