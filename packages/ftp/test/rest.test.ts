// Retrievals that begin in the middle of a file (RFC 3659 5).
import { failureOf, gate } from "@netcli/test-kit";
import { ArgumentError } from "@netcli/core-transport";
import { describe, expect, test } from "vitest";
import { loggedIn, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { loginLines } from "./scripted-ftp.ts";

refuseUnhandled();

describe("a retrieval with a position", () => {
  test("begins where REST says, and not at all where that is refused", async () => {
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      let port = await ftp.passive();
      await ftp.answer("REST 1000", "350 from there");
      await ftp.answer("RETR a", "150 here");
      let data = await port.connected();
      await data.send(pattern(1_500).subarray(1_000));
      data.end();
      await ftp.say("226 done");
      await ftp.give("a", pattern(20));
      port = await ftp.passive();
      await ftp.answer("REST 1000", "502 no");
      data = await port.connected();
      await data.closed;
      await ftp.give("a", pattern(10));
    });
    const { session } = fixture;
    const chunks: Uint8Array[] = [];
    await session.retrBinary("RETR a", (chunk) => chunks.push(chunk), { rest: 1_000 });
    expect(Buffer.concat(chunks).equals(pattern(1_500).subarray(1_000))).toBe(true);
    expect(await session.retrBinary("RETR a", nowhere)).toMatchObject({ bytes: 20 });
    const error = await failureOf(session.retrBinary("RETR a", nowhere, { rest: 1_000 }));
    expect(error).toMatchObject({ command: "REST 1000", reply: { code: 502 } });
    expect(await session.retrBinary("RETR a", nowhere, { rest: 0 })).toMatchObject({ bytes: 10 });
  });

  test("does not begin where the REST of another one said that was aborted or refused", async () => {
    const { opened: reached, open: reach } = gate();
    const { opened: rejected, open: reject } = gate();
    await using fixture = await loggedIn(async (ftp) => {
      await ftp.answer("TYPE I", "200 binary");
      await ftp.passive();
      await ftp.expect("REST 1000");
      reach();
      await rejected;
      await ftp.say("350 from there");
      for (const name of ["b", "c"]) {
        const port = await ftp.passive();
        await ftp.answer("REST 0", "350 from the beginning");
        await ftp.answer(`RETR ${name}`, "150 here");
        const data = await port.connected();
        await data.send(pattern(10));
        data.end();
        await ftp.say("226 done");
        await ftp.passive();
        await ftp.answer("REST 5", "350 from there");
        await ftp.answer("RETR none", "550 none");
      }
    });
    const { session } = fixture;
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = failureOf(session.retrBinary("RETR a", nowhere, { rest: 1_000, signal }));
    await reached;
    controller.abort("enough");
    expect(await aborted).toBe("enough");
    reject();
    for (const name of ["b", "c"]) {
      expect(await session.retrBinary(`RETR ${name}`, nowhere)).toMatchObject({ bytes: 10 });
      const refused = failureOf(session.retrBinary("RETR none", nowhere, { rest: 5 }));
      expect(await refused).toMatchObject({ command: "RETR none" });
    }
  });

  test.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])("cannot begin at byte %d", async (rest) => {
    await using fixture = await loggedIn((ftp) => ftp.prove());
    const { session, server } = fixture;
    expect(await failureOf(session.retrBinary("RETR a", nowhere, { rest }))).toBeInstanceOf(ArgumentError);
    expect(await session.pwd()).toBe("/here");
    expect(server.received).toBe(`${loginLines}PWD\r\n`);
  });
});
