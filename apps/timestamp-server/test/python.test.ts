// Python on the other side: the books' client, and Python's own idea of the time.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Program } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { ctime } from "../src/timestamp.ts";
import { answerOf, startServer } from "./program.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const client = fileURLToPath(new URL("books-client.py", import.meta.url));

describe.skipIf(!hasPython)("timestamp-server and Python", { timeout: 30_000 }, () => {
  test.each([
    ["--style handler", ["--style", "handler"]],
    ["--style stream", ["--style", "stream"]],
    ["--style protocol", ["--style", "protocol"]],
    ["--workers 2", ["--workers", "2"]],
  ])("the books' client gets its answers: %s", async (_way, args) => {
    await using server = await startServer(args);
    const input = "hello\nGrüße\n\n";
    const books = new Program(["python3", client, String(server.port)], {
      env: { ...process.env, PYTHONIOENCODING: "utf-8" },
      input,
    });
    const { code, stdout, stderr } = await books.outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answers = stdout.split(/> |\n/).filter((line) => line !== "");
    expect(answers.map(answerOf)).toEqual(["hello", "Grüße"]);
  });

  test("the time is written as Python writes it", async () => {
    const times = [0, 951_782_400, 1_782_864_005, 1_793_523_599, 4_102_444_799];
    const script = `import time\nfor t in ${JSON.stringify(times)}: print(time.ctime(t))`;
    const { stdout } = await new Program(["python3", "-c", script]).outcome;
    expect(times.map((seconds) => ctime(new Date(seconds * 1_000)))).toEqual(stdout.trimEnd().split("\n"));
  });
});
