// When TLS is used, and what of a server is verified.
import { TlsError } from "@netcli/core-transport";
import { createAuthority, failureOf, type ScriptedServer, scriptedServer, tempDir } from "@netcli/test-kit";
import { describe, expect, test } from "vitest";
import { LmtpClient, send, SmtpClient, type SmtpOptions, SmtpSession } from "../src/index.ts";
import {
  ehlo,
  identity,
  name,
  refuseUnhandled,
  Smtp,
  smtpServer,
  throughTunnel,
  tlsOptions,
} from "./scripted-smtp.ts";

refuseUnhandled();

const login = { user: "ada", password: "p4ssw0rd" };
const plain = `AUTH PLAIN ${Buffer.from("\0ada\0p4ssw0rd").toString("base64")}`;
const stranger = createAuthority().issue();
const elsewhere = createAuthority();
const misnamed = elsewhere.issue({ names: ["other.example.org"] });

function nearby({ host, port }: ScriptedServer): Pick<SmtpOptions, "host" | "port"> {
  return { host, port };
}

/** Offers STARTTLS with this certificate, and PLAIN behind it; tells whether the client believed it. */
async function offering(smtp: Smtp, tls: typeof identity): Promise<void> {
  await smtp.greet("STARTTLS", "AUTH PLAIN");
  await smtp.secure(tls);
  await smtp.offer("AUTH PLAIN");
  await smtp.answer(plain, "235 in");
  await smtp.answer("QUIT", "221 bye");
}

describe("the certificate", () => {
  const refused: [string, typeof identity, Partial<SmtpOptions>][] = [
    ["of an unknown authority", stranger, { tlsOptions }],
    ["of an unknown authority, when nothing was said about TLS", stranger, {}],
    ["for another name", misnamed, { tlsOptions: { ca: elsewhere.certificate } }],
    [
      "for another name than servername",
      identity,
      { tlsOptions: { ...tlsOptions, servername: "mx.example.org" } },
    ],
  ];

  describe.each(refused)("%s is refused", (_what, tls, options) => {
    test.each(["starttls", "opportunistic", undefined] as const)(
      "with tls: %s, and nothing is sent",
      async (mode) => {
        await using server = await smtpServer((smtp) => offering(smtp, tls));
        const connecting = SmtpSession.connect({
          ...throughTunnel(server),
          ...login,
          name,
          tls: mode,
          ...options,
        });
        const error = await failureOf(connecting);
        expect(error).toBeInstanceOf(TlsError);
        expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
        await server.settled();
        expect(server.received.toString("latin1")).not.toMatch(/AUTH|EHLO.*EHLO/s);
      },
    );

    test("with tls: implicit, and nothing is sent", async () => {
      await using server = await smtpServer((smtp) => smtp.peer.closed, { tls });
      const connecting = SmtpSession.connect({
        ...throughTunnel(server),
        ...login,
        name,
        tls: "implicit",
        ...options,
      });
      expect(await failureOf(connecting)).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
      await server.settled();
      expect(server.received).toHaveLength(0);
    });
  });

  test.each(["starttls", "opportunistic"] as const)(
    "is verified, and the login goes on, %s",
    async (mode) => {
      await using server = await smtpServer((smtp) => offering(smtp, identity));
      const options = { ...throughTunnel(server), ...login, name, tls: mode, tlsOptions };
      const session = await SmtpSession.connect(options);
      expect(session.isOpen).toBe(true);
      await session.quit();
      await server.settled();
    },
  );

  test("of any kind is taken if that is asked for", async () => {
    await using server = await smtpServer((smtp) => offering(smtp, stranger));
    const options = { ...throughTunnel(server), ...login, name, tlsOptions: { insecure: true } };
    const session = await SmtpSession.connect(options);
    await session.quit();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("is verified by the verb, too", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.secure(stranger);
    });
    const session = await SmtpSession.connect({ ...throughTunnel(server), name });
    await session.ehlo();
    expect(await failureOf(session.startTls())).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
    expect(session.isOpen).toBe(false);
  });
});

describe("to a server on this machine", () => {
  test("a login takes TLS where it is offered, whatever the certificate", async () => {
    await using server = await smtpServer((smtp) => offering(smtp, stranger));
    const session = await SmtpSession.connect({ ...nearby(server), ...login, name });
    await session.quit();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("a login goes out in clear where TLS is not offered, or refused", async () => {
    await using server = await smtpServer(async (smtp, index) => {
      await smtp.greet("AUTH PLAIN", ...(index === 1 ? ["STARTTLS"] : []));
      if (index === 1) await smtp.answer("STARTTLS", "454 not now");
      await smtp.answer(plain, "235 in");
      await smtp.answer("QUIT", "221 bye");
    });
    for (let count = 0; count < 2; count += 1) {
      const session = await SmtpSession.connect({ ...nearby(server), ...login, name });
      await session.quit();
    }
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("mail without a login takes no TLS", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS");
      await smtp.take();
      await smtp.answer("QUIT", "221 bye");
    });
    await send({ ...nearby(server), name }, { from: "", to: "b@example.org", message: "x" });
    await server.settled();
    expect(server.received.toString()).not.toContain("STARTTLS");
  });

  test.each<[string, Partial<SmtpOptions>]>([
    ["tls: starttls", { tls: "starttls" }],
    ["tls: opportunistic", { tls: "opportunistic" }],
    ["tlsOptions", { tlsOptions }],
  ])("the certificate is verified with %s", async (_what, options) => {
    await using server = await smtpServer((smtp) => offering(smtp, stranger));
    const error = await failureOf(SmtpSession.connect({ ...nearby(server), ...login, name, ...options }));
    expect(error).toMatchObject({ code: "ERR_NETCLI_CERTIFICATE" });
  });

  test("over a Unix socket, it is as near", async () => {
    await using directory = await tempDir();
    const path = directory.file("socket");
    await using server = await scriptedServer(
      async (peer) => {
        const smtp = new Smtp(peer);
        await smtp.say("220 mx.example.org LMTP");
        await smtp.offer("AUTH PLAIN");
        await smtp.answer(plain, "235 in");
        await smtp.answer("QUIT", "221 bye");
      },
      { path },
    );
    const client = await LmtpClient.connect({ path, ...login, name });
    await client.quit();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("a name that only looks like this machine is not near", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("AUTH PLAIN");
      await smtp.answer("QUIT", "221 bye");
    });
    const { port, proxy } = throughTunnel(server);
    for (const host of ["localhost", "127.0.0.1", "localhost.example.org", "::1"]) {
      const error = await failureOf(SmtpSession.connect({ host, port, proxy, ...login, name }));
      expect(error).toBeInstanceOf(TlsError);
    }
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}QUIT\r\n`.repeat(4));
  });
});

describe("a mode", () => {
  test("of none sends the password in clear, because that was said", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("STARTTLS", "AUTH PLAIN");
      await smtp.answer(plain, "235 in");
      await smtp.answer("QUIT", "221 bye");
    });
    const client = await SmtpClient.connect({ ...throughTunnel(server), ...login, name, tls: "none" });
    await client.quit();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("of implicit speaks TLS first, and never asks for it again", async () => {
    await using server = await smtpServer(
      async (smtp) => {
        await smtp.greet("STARTTLS", "AUTH PLAIN");
        await smtp.answer(plain, "235 in");
        await smtp.answer("QUIT", "221 bye");
      },
      { tls: identity },
    );
    const options = { ...throughTunnel(server), ...login, name, tls: "implicit", tlsOptions } as const;
    const client = await SmtpClient.connect(options);
    await client.quit();
    await server.settled();
    expect(server.errors).toEqual([]);
  });

  test("of implicit does not fall back to a server that speaks in clear", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.say("220 mx.example.org ESMTP");
      await smtp.peer.closed;
    });
    const options = { ...nearby(server), ...login, name, tls: "implicit", tlsOptions } as const;
    expect(await failureOf(SmtpClient.connect({ ...options, retries: 0 }))).toBeInstanceOf(TlsError);
    await server.settled();
    expect(server.received.toString("latin1")).not.toMatch(/EHLO|AUTH/);
  });

  test("that is none of them is refused", async () => {
    const options = JSON.parse('{"host":"localhost","port":25,"tls":"Starttls"}') as SmtpOptions;
    expect(await failureOf(SmtpSession.connect(options))).toMatchObject({ code: "ERR_NETCLI_ARGUMENT" });
  });

  test("is needed for what must not be read on the way (RFC 8689)", async () => {
    await using server = await smtpServer(async (smtp) => {
      await smtp.greet("REQUIRETLS");
      await smtp.answer("QUIT", "221 bye");
    });
    const mail = { from: "a@example.org", to: "b@example.org", message: "x", requireTls: true };
    const error = await failureOf(send({ ...nearby(server), name }, mail));
    expect(error).toMatchObject({ code: "ERR_NETCLI_NOT_SUPPORTED" });
    await server.settled();
    expect(server.received.toString()).toBe(`${ehlo}QUIT\r\n`);
  });
});
