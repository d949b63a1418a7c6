// Fetching a policy: what counts as one, and what a web server may try.
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { closedPort, failureOf, selfSigned } from "@netcli/test-kit";
import { ConnectError, LimitError, ProtocolError } from "@netcli/core-transport";
import { fetchPolicy } from "../src/policy-fetch.ts";
import { type PolicyAnswer, type PolicyServerOptions, policyServer } from "./policy-server.ts";

const url = "https://mta-sts.example.com/.well-known/mta-sts.txt";
const text = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 86400\r\n";

async function refusal(answer: PolicyAnswer, options?: PolicyServerOptions): Promise<unknown> {
  await using server = await policyServer(answer, options);
  return await failureOf(server.fetchPolicy(url, {}));
}

describe("a policy", () => {
  test("is fetched", async () => {
    await using server = await policyServer(text);
    expect(await server.fetchPolicy(url, {})).toBe(text);
    expect(server.requests).toEqual(["mta-sts.example.com /.well-known/mta-sts.txt"]);
  });

  test.each(["text/plain; charset=utf-8", "Text/Plain;x", "text/plain ;charset=us-ascii"])(
    "may be of type %s",
    async (type) => {
      await using server = await policyServer((_request, response) =>
        response.writeHead(200, { "content-type": type }).end(text),
      );
      expect(await server.fetchPolicy(url, {})).toBe(text);
    },
  );

  test("may have 64 KiB and no more, with or without its length told", async () => {
    const most = "x".repeat(65_536);
    await using server = await policyServer(most);
    expect(await server.fetchPolicy(url, {})).toBe(most);
    expect(await refusal(`${most}x`)).toBeInstanceOf(LimitError);
    const error = await refusal((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      const more = (): void => {
        while (response.write("x".repeat(16_384)));
        response.once("drain", more);
      };
      more();
    });
    expect(error).toMatchObject({
      name: "LimitError",
      limit: "policyBytes",
      message: "the policy of MTA-STS has more than 65536 bytes",
    });
  });
});

describe("it is no policy", () => {
  test.each(["text/html", "text/plainer", "application/octet-stream", "text/html; text/plain", undefined])(
    "if it is of type %s",
    async (type) => {
      const error = await refusal((_request, response) =>
        response.writeHead(200, type === undefined ? {} : { "content-type": type }).end(text),
      );
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ message: expect.stringContaining("not text/plain") });
    },
  );

  test.each([201, 204, 206, 404, 500, 503])("if the status is %i", async (status) => {
    const error = await refusal((_request, response) =>
      response.writeHead(status, { "content-type": "text/plain" }).end(status === 204 ? undefined : text),
    );
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ message: expect.stringContaining(`status ${status}`) });
  });

  test.each([301, 302, 303, 307, 308])("if the server redirects with %i: nobody follows", async (status) => {
    await using server = await policyServer((_request, response) =>
      response.writeHead(status, { "content-type": "text/plain", location: "/elsewhere" }).end(text),
    );
    const error = await failureOf(server.fetchPolicy(url, {}));
    expect(error).toMatchObject({ name: "ProtocolError", message: expect.stringContaining(`${status}`) });
    expect(server.requests).toHaveLength(1);
  });

  test("if the connection breaks before its end", async () => {
    const error = await refusal((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": 1_000 });
      response.write(text, () => response.destroy());
    });
    expect(error).toBeInstanceOf(ConnectError);
  });
});

describe("a web server", () => {
  test("is not believed with a certificate for another name", async () => {
    const error = await refusal(text, { names: ["www.example.com", "mta-sts.example.org"] });
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  test("is not believed with a certificate that nobody stands behind", async () => {
    const identity = selfSigned({ names: ["mta-sts.example.com"] });
    expect(await refusal(text, { identity })).toMatchObject({
      name: "ConnectError",
      systemCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });

  test("is not believed with a certificate that has expired", async () => {
    const error = await refusal(text, { notAfter: new Date(Date.now() - 1_000) });
    expect(error).toMatchObject({ name: "ConnectError", systemCode: "CERT_HAS_EXPIRED" });
  });

  test("is not believed when the environment says that all are to be", async () => {
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(await refusal(text, { names: ["other.example"] })).toMatchObject({
        systemCode: "ERR_TLS_CERT_ALTNAME_INVALID",
      });
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
  });

  test("may not be there", async () => {
    const port = await closedPort();
    const error = await failureOf(fetchPolicy(`https://127.0.0.1:${port}/`));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({ systemCode: "ECONNREFUSED" });
  });

  test("is asked over HTTPS only", async () => {
    expect(await failureOf(fetchPolicy("http://127.0.0.1/"))).toBeInstanceOf(ConnectError);
  });

  test("that drips is cut off with the signal's reason", async () => {
    const stop = new AbortController();
    let closed: Promise<unknown> | undefined;
    await using server = await policyServer((_request, response) => {
      closed = new Promise((resolve) => {
        response.once("close", resolve);
      });
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("version: STSv1\r\n", () => stop.abort(new Error("enough")));
    });
    expect(await failureOf(server.fetchPolicy(url, { signal: stop.signal }))).toMatchObject({
      message: "enough",
    });
    await turn();
    await closed;
    expect(await failureOf(server.fetchPolicy(url, { signal: stop.signal }))).toMatchObject({
      message: "enough",
    });
  });
});
