// startPop3Server: TLS (RFC 2595).
import { failureOf } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { greeted, identity, trusting } from "./raw-client.ts";

describe("TLS", () => {
  test("is there from the first byte", async () => {
    await using fixture = await greeted({ tls: identity, tlsMode: "implicit" }, trusting);
    const { client, server } = fixture;
    expect(await client.logIn()).toMatch(/^\+OK/);
    expect(server.sessions).toMatchObject([{ isSecure: true }]);
    expect(server.flights).toBe(2);
    expect(server.violations).toEqual([]);
  });

  test("begins with STLS, and all that was said before is forgotten", async () => {
    await using fixture = await greeted({ tls: identity, requireTls: true });
    const { client, server } = fixture;
    expect((await client.blockOf("CAPA")).filter((line) => /^(?:USER|SASL|STLS)/.test(line))).toEqual([
      "STLS",
    ]);
    expect(await client.commands("USER ann", "AUTH PLAIN", "STLS")).toEqual([
      "-ERR STLS comes first.",
      "-ERR STLS comes first.",
      "+OK Go ahead.",
    ]);
    await client.connection.startTls(trusting);
    await client.send("USER ann\r\nPASS secret\r\n");
    expect((await client.lines(2))[1]).toMatch(/^\+OK 3/);
    // CAPA was said in clear: it does not count.
    expect(server.violations).toEqual(["USER: more came before the reply"]);
    expect(server.sessions).toMatchObject([{ isSecure: true, user: "ann" }]);
  });

  test("does not come twice, nor behind the login, nor behind UTF8", async () => {
    await using fixture = await greeted({ tls: identity, capabilities: () => ["USER", "STLS", "UTF8"] });
    const { client, server } = fixture;
    expect(await client.command("STLS")).toBe("+OK Go ahead.");
    await client.connection.startTls(trusting);
    expect(await client.command("STLS")).toBe("-ERR TLS is there already.");
    await client.logIn();
    expect(await client.command("STLS")).toBe("-ERR STLS belongs into another state.");
    await using other = await greeted({ tls: identity });
    expect(await other.client.commands("UTF8", "STLS")).toEqual([
      "+OK UTF8 it is.",
      "-ERR STLS does not come behind UTF8.",
    ]);
    expect([...server.violations, ...other.server.violations]).toHaveLength(3);
  });

  test("is refused where it is offered and not there", async () => {
    await using fixture = await greeted({ capabilities: ["STLS"] });
    expect(await fixture.client.command("STLS")).toBe("-ERR There is no TLS now.");
  });

  test("is not to be had when something came behind STLS", async () => {
    await using fixture = await greeted({ tls: identity });
    const { client, server } = fixture;
    await client.blockOf("CAPA");
    await client.send("STLS\r\nUSER mallory\r\n");
    expect(await client.line()).toBe("+OK Go ahead.");
    expect(await client.end()).toBeUndefined();
    expect(server.commands).toEqual(["CAPA", "STLS"]);
    expect(server.violations).toEqual(["STLS: more came before the reply"]);
  });

  test("that fails ends the session, and is told", async () => {
    await using fixture = await greeted({ tls: identity });
    const { client, server } = fixture;
    await client.command("STLS");
    expect(await failureOf(client.connection.startTls({}))).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    await server.sessions[0]?.ended;
    expect(server.errors).toHaveLength(1);
  });

  test.each([{ reply: "-ERR No." }, { reply: "+OK Yes, perhaps.", skip: true }])(
    "does not begin where the test says %j",
    async (fault) => {
      await using fixture = await greeted({
        tls: identity,
        reply: (verb) => (verb === "STLS" ? fault : undefined),
      });
      const { client, server } = fixture;
      expect(await client.command("STLS")).toBe(fault.reply);
      expect(await client.logIn()).toMatch(/^\+OK/);
      expect(server.sessions).toMatchObject([{ isSecure: false }]);
    },
  );
});
