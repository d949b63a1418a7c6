// Answers to PASV and EPSV that lead elsewhere, or to a service: ignored by default, and refused on demand.
import { ProtocolError } from "@netcli/core-transport";
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { loggedIn, nowhere, pattern, refuseUnhandled } from "./fixtures.ts";
import { fetched, onOwnServer } from "./own-server.ts";

refuseUnhandled();

const features = { EPSV: false } as const;

describe("an address of another machine", () => {
  test.each(["10.0.0.1", "192.168.1.1", "127.0.0.2"])("%s is ignored, or refused", async (pasvAddress) => {
    await using lax = await onOwnServer({ features, pasvAddress });
    await lax.put("a", pattern(10));
    expect(await fetched(lax.session, "a")).toHaveLength(10);
    await using strict = await onOwnServer({ features, pasvAddress }, { strictPassive: true });
    await strict.put("a", pattern(10));
    const error = await failureOf(fetched(strict.session, "a"));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringContaining(pasvAddress) });
    expect(strict.server.sessions[0]?.transfers).toEqual([]);
  });

  test("is not that of the server itself", async () => {
    await using strict = await onOwnServer({ features }, { strictPassive: true });
    await strict.put("a", pattern(10));
    expect(await fetched(strict.session, "a")).toHaveLength(10);
  });
});

describe("a port of a service", () => {
  test.each(["229 (|||25|)", "229 (|||1023|)"])("in %j is refused", async (reply) => {
    await using fixture = await loggedIn(
      async (ftp) => {
        await ftp.answer("TYPE I", "200 binary");
        await ftp.answer("EPSV", reply);
        await ftp.peer.closed;
      },
      { strictPassive: true },
    );
    const error = await failureOf(fixture.session.retrBinary("RETR a", nowhere));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringContaining("that of a service") });
  });
});
