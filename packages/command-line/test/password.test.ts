// The password prompt of a program whose stdin is something else.
import { writeFile } from "node:fs/promises";
import { hasPseudoTerminal, startProgram, tempDir, Terminal } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";

const ask = new URL("./ask.mjs", import.meta.url);

describe("askPassword", { timeout: 30_000 }, () => {
  test.skipIf(!hasPseudoTerminal())("asks at the terminal, and leaves stdin to others", async () => {
    await using folder = await tempDir();
    await writeFile(folder.file("stdin"), "content");
    const terminal = new Terminal(ask, [folder.file("stdin")]);
    await terminal.shows("Password of ada at h.example: ");
    terminal.type("secret\r");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown).toContain("[SECRET] [content]");
    expect(terminal.shown).not.toContain("secret");
    expect(terminal.isInOrder).toBe(true);
  });

  test("does not ask where nobody sees it, and names the variable", async () => {
    const { code, stderr } = await startProgram(ask, []).outcome;
    expect(code).toBe(1);
    expect(stderr).toContain("a password is needed: set TEST_PASSWORD");
  });

  test("does not ask where the variable is set, though it be empty", async () => {
    const env = { ...process.env, TEST_PASSWORD: "" };
    const { stdout, stderr } = await startProgram(ask, [], { env, input: "content" }).outcome;
    expect({ stdout, stderr }).toEqual({ stdout: "[] [content]\n", stderr: "" });
  });
});
