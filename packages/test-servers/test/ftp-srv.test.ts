// startFtpSrv(): the server answers a raw dialogue, and nothing of it is left after close().
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFtpSrv } from "@netcli/test-servers";

// All byte values, CR LF pairs among them, and more than one TCP segment.
const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256));
const host = "127.0.0.1";
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "test-servers-"));
  await writeFile(join(root, "all bytes.bin"), content);
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

/** A control connection: sends one command and returns the last line of its reply. */
class Dialogue {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(port: number) {
    this.#socket = connect(port, host);
    this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
  }

  async reply(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error("the server closed the connection");
      if (/^\d{3} /.test(value)) return value;
    }
  }

  async command(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return await this.reply();
  }

  /** Sends RETR and returns its two replies and what came over the data connection to `port`. */
  async retrieve(port: number, name: string): Promise<{ start: string; bytes: Buffer; end: string }> {
    const data = connect(port, host);
    await once(data, "connect");
    const [bytes, start] = await Promise.all([buffer(data), this.command(`RETR ${name}`)]);
    return { start, bytes, end: await this.reply() };
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe("startFtpSrv", () => {
  test("lets anonymous in and sends a file byte for byte over EPSV", async () => {
    const server = await startFtpSrv({ root });
    const control = new Dialogue(server.port);
    expect(await control.reply()).toMatch(/^220 /);
    expect(await control.command("USER anonymous")).toMatch(/^230 /);
    expect(await control.command("TYPE I")).toMatch(/^200 /);
    const epsv = /^229 .*\(\|\|\|(\d+)\|\)$/.exec(await control.command("EPSV"));
    const { start, bytes, end } = await control.retrieve(Number(epsv?.[1]), "all bytes.bin");
    expect(start).toMatch(/^150 /);
    expect(content.equals(bytes)).toBe(true);
    expect(end).toMatch(/^226 /);
    control.end();
    await server.close();
  });

  test("sends a file byte for byte over PASV, which names the loopback address", async () => {
    const server = await startFtpSrv({ root });
    const control = new Dialogue(server.port);
    await control.reply();
    await control.command("USER anonymous");
    await control.command("TYPE I");
    const pasv = /^227 .*\(127,0,0,1,(\d+),(\d+)\)$/.exec(await control.command("PASV"));
    const port = Number(pasv?.[1]) * 256 + Number(pasv?.[2]);
    const { bytes } = await control.retrieve(port, "all bytes.bin");
    expect(content.equals(bytes)).toBe(true);
    control.end();
    await server.close();
  });

  test("takes the right password and refuses a wrong one with 530", async () => {
    const server = await startFtpSrv({ root, users: [{ name: "ada", password: "right" }] });
    for (const [user, password, expected] of [
      ["ada", "right", /^230 /],
      ["ada", "wrong", /^530 /],
      ["bob", "right", /^530 /],
      ["anonymous", "me@", /^530 /],
    ] as const) {
      const control = new Dialogue(server.port);
      await control.reply();
      expect(await control.command(`USER ${user}`)).toMatch(/^331 /);
      expect(await control.command(`PASS ${password}`)).toMatch(expected);
      control.end();
    }
    await server.close();
  });

  test("takes anonymous logins beside accounts when asked to", async () => {
    const server = await startFtpSrv({ root, users: [{ name: "ada", password: "right" }], anonymous: true });
    const control = new Dialogue(server.port);
    await control.reply();
    expect(await control.command("USER anonymous")).toMatch(/^230 /);
    control.end();
    await server.close();
  });

  test("greets with the given text and tells where it listens", async () => {
    const server = await startFtpSrv({ root, greeting: "at your service" });
    expect(server.url).toBe(`ftp://127.0.0.1:${server.port}`);
    const socket = connect(server.port, server.host);
    const [first] = (await once(socket, "data")) as [Buffer];
    expect(first.toString()).toMatch(/^220-at your service\r\n/);
    socket.destroy();
    await server.close();
  });

  test("runs several servers at once, each with its own passive ports", async () => {
    const servers = await Promise.all([startFtpSrv({ root }), startFtpSrv({ root }), startFtpSrv({ root })]);
    const ports = await Promise.all(
      servers.map(async (server) => {
        const control = new Dialogue(server.port);
        await control.reply();
        await control.command("USER anonymous");
        const epsv = /\|(\d+)\|/.exec(await control.command("EPSV"));
        control.end();
        return epsv?.[1];
      }),
    );
    expect(new Set(ports).size).toBe(3);
    await Promise.all(servers.map((server) => server.close()));
  });

  test("close() leaves nothing running, whatever is connected, and may be called twice", async () => {
    const server = await startFtpSrv({ root });
    const control = new Dialogue(server.port);
    await control.reply();
    await control.command("USER anonymous");
    await control.command("EPSV");
    expect(process.kill(server.pid, 0)).toBe(true);
    await Promise.all([server.close(), server.close()]);
    expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
    await expect(control.reply()).rejects.toThrow("closed the connection");
  });

  test("close() tells when the server had died by itself", async () => {
    const server = await startFtpSrv({ root });
    const control = new Dialogue(server.port);
    await control.reply();
    process.kill(server.pid, "SIGHUP");
    await expect(control.reply()).rejects.toThrow("closed the connection");
    await expect(server.close()).rejects.toThrow("ftp-srv ended with SIGHUP");
  });

  test("rejects with the child's stderr when the server can't start", async () => {
    const tls = { key: "no key", cert: "no certificate" };
    await expect(startFtpSrv({ root, tls, implicitTls: true })).rejects.toThrow(
      /ftp-srv ended with code 1: .*PEM/s,
    );
  });

  test("refuses implicit TLS without a certificate", async () => {
    await expect(startFtpSrv({ root, implicitTls: true })).rejects.toThrow(TypeError);
  });
});
