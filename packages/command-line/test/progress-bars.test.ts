// Bars on screens of all sizes, as a person sees them.
import { describe, expect, test } from "vitest";
import { ProgressBars } from "../src/progress-bars.ts";
import { Screen } from "../src/screen.ts";

describe("ProgressBars", () => {
  test("draws one line for each transfer, below each other, and takes it away at its end", async () => {
    const screen = new Screen(80, 24);
    const bars = new ProgressBars(screen, true);
    const [one, two] = [bars.add("one.bin"), bars.add("second.bin")];
    one.update(10, 100);
    two.update(50, 200);
    await screen.shows("25%");
    expect(screen.shown).toEqual([
      "one.bin     10% [#............] 10 B of 100 B  0 B/s",
      "second.bin  25% [###..........] 50 B of 200 B  0 B/s",
    ]);
    one.end();
    await screen.shows(/^second/);
    expect(screen.shown).toHaveLength(1);
    two.end();
    expect(screen.shown).toEqual([]);
  });

  test("shows the name that a transfer has now", async () => {
    const screen = new Screen(80, 24);
    const bar = new ProgressBars(screen, true).add("");
    bar.rename("1/\u001B2");
    bar.update(10, 100);
    await screen.shows(/10%/);
    expect(screen.shown[0]).toMatch(/^1\/\\x1b2 {2}10% /);
    bar.rename("2/2");
    await screen.shows(/^2/);
    expect(screen.shown[0]).toMatch(/^2\/2 {2}10% /);
    bar.end();
  });

  test("draws after the last news, even if nothing else comes", async () => {
    const screen = new Screen(80, 24);
    const bar = new ProgressBars(screen, true).add("file");
    for (let bytes = 0; bytes <= 100; bytes += 1) bar.update(bytes, 100);
    await screen.shows("100%");
    expect(screen.shown).toHaveLength(1);
    bar.end();
  });

  test("writes nothing while nothing changes, and seldom when much does", async () => {
    const screen = new Screen(80, 24);
    let writes = 0;
    const write = screen.write.bind(screen);
    screen.write = (text) => {
      writes += 1;
      return write(text);
    };
    const bars = new ProgressBars(screen, true);
    const [still, busy] = [bars.add("still"), bars.add("busy")];
    still.update(1, 2);
    const begun = Date.now();
    while (!screen.shown.join("\n").includes("100%")) {
      busy.update(Math.min(Date.now() - begun, 500), 500);
      await new Promise(setImmediate);
    }
    expect(writes).toBeLessThanOrEqual((Date.now() - begun) / 90 + 1);
    bars.clear();
  });

  test("puts what is said above the bars, and control characters out of action", async () => {
    const screen = new Screen(80, 24);
    const bars = new ProgressBars(screen, true);
    bars.say("before");
    const bar = bars.add("a\u001B[2Jfile");
    bar.update(1, 2);
    await screen.shows("50%");
    bars.say("saved \u001B[2Jit");
    bars.say("x".repeat(100));
    expect(screen.shown).toEqual([
      "before",
      "saved \\x1b[2Jit",
      "x".repeat(80),
      "x".repeat(20),
      expect.stringMatching(/^a\\x1b\[2Jfile {2}50% \[/),
    ]);
    bar.end();
    expect(screen.shown).toHaveLength(4);
  });

  test("says how many more there are where a terminal has too few rows", async () => {
    const screen = new Screen(60, 4);
    const bars = new ProgressBars(screen, true);
    const all = ["a", "b", "c", "d", "e"].map((label) => bars.add(label));
    for (const bar of all) bar.update(1, 2);
    await screen.shows("more");
    expect(screen.shown.map((line) => line.slice(0, 6))).toEqual(["a  50%", "b  50%", "... an"]);
    expect(screen.shown[2]).toBe("... and 3 more");
    bars.say("said");
    expect(screen.shown).toHaveLength(4);
    all[0]?.end();
    all[1]?.end();
    await screen.shows(/^c/m);
    expect(screen.shown.map((line) => line[0])).toEqual(["s", "c", "d", "e"]);
    bars.clear();
    expect(screen.shown).toEqual(["said"]);
  });

  test.each([1, 2])("draws one line on a terminal of %i rows", async (rows) => {
    const screen = new Screen(60, rows);
    const bars = new ProgressBars(screen, true);
    for (const label of ["a", "b"]) bars.add(label).update(1, 2);
    await screen.shows("... and 2 more");
    bars.clear();
    expect(screen.shown).toEqual([]);
  });

  test("stays in its lines on a terminal of 20 columns", async () => {
    const screen = new Screen(20, 24);
    const bars = new ProgressBars(screen, true);
    for (const label of ["archive-1.tar.gz", "archive-2.tar.gz"]) bars.add(label).update(1, 2);
    await screen.shows("50%");
    expect(screen.shown).toEqual(["archive-1.tar…  50%", "archive-2.tar…  50%"]);
    bars.clear();
    expect(screen.shown).toEqual([]);
  });

  test.each([
    ["narrower", 23, 24],
    ["much narrower", 7, 24],
    ["shorter", 80, 3],
    ["wider", 120, 50],
  ])("leaves nothing behind when the terminal becomes %s", async (_how, columns, rows) => {
    const screen = new Screen(80, 24);
    const bars = new ProgressBars(screen, true);
    bars.say("said");
    const all = ["a.tar.gz", "b.tar.gz"].map((label) => bars.add(label));
    for (const bar of all) bar.update(1, 2);
    await screen.shows("50%");
    screen.resize(columns, rows);
    for (const bar of all) bar.update(3, 4);
    await screen.shows("75%");
    expect(screen.shown).toHaveLength(3);
    bars.clear();
    expect(screen.shown).toEqual(["said"]);
  });

  test("takes 80 columns where the terminal does not tell", async () => {
    const screen = new Screen(80, 24);
    const unknown = { columns: 0, rows: 0, write: screen.write.bind(screen) };
    const bars = new ProgressBars(unknown, true);
    bars.add("x".repeat(100)).update(1, 2);
    await screen.shows("50%");
    expect(screen.shown).toHaveLength(1);
    expect(screen.shown[0]).toMatch(/^x+… {2}50% \[#{5}\.{5}\]/);
    bars.clear();
  });

  test("only passes on what is said where there is no terminal", () => {
    const written: string[] = [];
    const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
    const bars = new ProgressBars({ columns: 80, rows: 24, write }, false);
    const bar = bars.add("file");
    bar.update(1, 2);
    bars.say("saved");
    bar.end();
    bars.clear();
    expect(written).toEqual(["saved\n"]);
  });
});
