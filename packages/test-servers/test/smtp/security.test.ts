// startEsmtpServer: TLS, and XCLIENT.
import { failureOf } from "@netcli/test-kit";
import { startEsmtpServer } from "@netcli/test-servers";
import { describe, expect, test } from "vitest";
import { greeted, identity, RawClient, trusting } from "./raw-client.ts";

describe("TLS", () => {
  test("is there from the first byte", async () => {
    await using fixture = await greeted({ tls: identity, tlsMode: "implicit" }, trusting);
    const { client, server } = fixture;
    expect(server.url).toMatch(/^smtps:/);
    expect(await client.command("MAIL FROM:<> REQUIRETLS")).toMatch(/^250 /);
    await client.commands("RCPT TO:<bob@example.org>", "DATA");
    expect(await client.command(".")).toMatch(/^250 /);
    expect(server.received).toMatchObject([{ isSecure: true, from: { params: { REQUIRETLS: true } } }]);
    expect(server.flights).toBe(5);
  });

  test("begins with STARTTLS, and all that was said before is forgotten", async () => {
    await using fixture = await greeted({ tls: identity, requireTls: true });
    const { client, server } = fixture;
    expect(await client.command("MAIL FROM:<>")).toBe("530 5.7.0 STARTTLS comes first.");
    expect(await client.command("STARTTLS now")).toMatch(/^501 /);
    expect(await client.command("STARTTLS")).toBe("220 2.0.0 Go ahead.");
    await client.connection.startTls(trusting);
    expect(await client.command("MAIL FROM:<>")).toBe("503 EHLO comes first.");
    expect(await client.command("EHLO b.example")).not.toContain("STARTTLS");
    expect(await client.command("STARTTLS")).toMatch(/^502 /);
    expect(await client.mail("\r\n", "bob@example.org")).toMatch(/^250 /);
    expect(server.sessions).toMatchObject([{ isSecure: true, clientName: "b.example" }]);
  });

  test("is refused where it is offered and not there", async () => {
    await using fixture = await greeted({ extensions: ["STARTTLS"] });
    expect(await fixture.client.command("STARTTLS")).toBe("454 There is no TLS now.");
  });

  test("that fails ends the session, and is told", async () => {
    await using fixture = await greeted({ tls: identity });
    const { client, server } = fixture;
    await client.command("STARTTLS");
    expect(await failureOf(client.connection.startTls({}))).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    await server.sessions[0]?.ended;
    expect(server.errors).toHaveLength(1);
  });
});

describe("XCLIENT", () => {
  const extensions = ["XCLIENT NAME ADDR PORT PROTO HELO LOGIN"];

  test("says who the client is, and the session begins anew", async () => {
    await using fixture = await greeted({ extensions });
    const { client, server } = fixture;
    const line = "XCLIENT NAME=mail+2Bx.example ADDR=IPV6:::1 PORT=[UNAVAILABLE] LOGIN=ann";
    expect(await client.command(line)).toBe("220 test.invalid ESMTP ready");
    expect(server.sessions[0]?.attributes).toEqual(
      new Map([
        ["NAME", "mail+x.example"],
        ["ADDR", "IPV6:::1"],
        ["PORT", undefined],
        ["LOGIN", "ann"],
      ]),
    );
    expect(server.sessions[0]?.user).toBe("ann");
    expect(await client.command("MAIL FROM:<>")).toBe("503 EHLO comes first.");
    expect(server.violations).toHaveLength(1);
  });

  test.each([
    "XCLIENT",
    "XCLIENT NAME",
    "XCLIENT ADDR=x",
    "XCLIENT DESTPORT=25",
    "XCLIENT PORT=a",
    "XCLIENT  ",
  ])("is nothing as %j", async (line) => {
    await using fixture = await greeted({ extensions });
    expect(await fixture.client.command(line)).toMatch(/^50[01] /);
    expect(fixture.server.violations).toHaveLength(1);
  });

  test("does not come in a transaction", async () => {
    await using server = await startEsmtpServer({ extensions });
    await using client = await RawClient.open(server);
    await client.commands("EHLO a.example", "MAIL FROM:<>");
    expect(await client.command("XCLIENT NAME=a.example")).toMatch(/^503 /);
  });
});
