// Servers that cannot be started: the exit code, and one line that says why.
import { tempDir } from "@netcli/test-kit";
import { chmod } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ask, connectTo, run, startServer } from "./program.ts";

const styles = ["handler", "stream", "protocol"];
const isRoot = process.getuid?.() === 0;

describe("timestamp-server ends with 3", { timeout: 30_000 }, () => {
  test.each([
    ...styles.map((style) => [`of style ${style}`, ["--style", style]] as const),
    ["with workers", ["--workers", "2"]] as const,
  ])("when the port is in use, and disturbs nobody: %s", async (_what, args) => {
    await using first = await startServer([]);
    const { code, stdout, stderr } = await run([...args, "--port", String(first.port)]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toBe(
      `timestamp-server: cannot listen on 127.0.0.1:${first.port}: someone listens there already (EADDRINUSE)\n`,
    );
    await using client = await connectTo(first);
    expect(await ask(client, "hello")).toBe("hello");
  });

  test.each([["handler"], ["stream"]])("when the UDP port is in use: style %s", async (style) => {
    await using first = await startServer(["--udp"]);
    const { code, stdout, stderr } = await run(["--udp", "--style", style, "--port", String(first.port)]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^timestamp-server: .*EADDRINUSE.*\n$/);
  });

  test.each(styles)("when the Unix socket is in use: style %s", async (style) => {
    await using folder = await tempDir();
    const path = folder.file("socket");
    await using first = await startServer(["--unix", path]);
    const { code, stdout, stderr } = await run(["--style", style, "--unix", path]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toBe(
      `timestamp-server: cannot listen on ${path}: someone listens there already (EADDRINUSE)\n`,
    );
    await using client = await connectTo(first);
    expect(await ask(client, "hello")).toBe("hello");
  });

  test.each([
    ["there is no such host", ["--host", "nonexistent.invalid"], "there is no such host"],
    ["there is no such host for datagrams", ["--host", "nonexistent.invalid", "--udp"], "ENOTFOUND"],
    ["the address is of another machine", ["--host", "192.0.2.1"], "not of this machine"],
    ["the folder of the socket is not there", ["--unix", "/nonexistent/socket"], "no such directory"],
    ["unix-dgram is not installed", ["--unix", "/tmp/netcli-unused", "--udp"], "the package unix-dgram"],
  ])("when %s", async (_what, args, sentence) => {
    for (const style of args.includes("--udp") ? ["handler", "stream"] : styles) {
      const { code, stdout, stderr } = await run([...args, "--style", style]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain(sentence);
      expect(stderr).toMatch(/^timestamp-server: .*\n$/);
    }
  });

  test.skipIf(isRoot)("when it may not put its socket there", async () => {
    await using folder = await tempDir();
    await chmod(folder.path, 0o500);
    const { code, stdout, stderr } = await run(["--unix", folder.file("socket")]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^timestamp-server: .*permission denied.*\n$/);
  });
});
