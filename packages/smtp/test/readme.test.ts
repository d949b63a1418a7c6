// The examples of README.md, run against the servers for tests.
import { runExample } from "@netcli/test-kit";
import { startSmtpServer } from "@netcli/test-servers";
import { expect, it } from "vitest";

const readme = new URL("../README.md", import.meta.url);

it.each([
  ["this package's README", readme, 0],
  ["the workspace's README", new URL("../../../README.md", import.meta.url), 1],
])("sends to those in the header in the first example of %s", async (_name, url, number) => {
  await using server = await startSmtpServer();
  const output = await runExample(url, number, { "mail.example.com": server });
  expect(output).toEqual(["bob@example.org"]);
  expect(Buffer.from(server.received[0]?.data ?? []).toString()).toContain("\r\n\r\nHello Bob!\r\n");
});

it("logs in and sends what a composer makes in the second example", async () => {
  const password = "asked for when it is needed";
  await using server = await startSmtpServer({ users: { ada: password, bob: "" }, requireAuth: true });
  const output = await runExample(readme, 1, { "mail.example.com": server });
  expect(output).toEqual(["bob@example.org accepted 250", "zoe@example.org refused 550"]);
  expect(Buffer.from(server.received[0]?.data ?? []).toString()).toContain("report.txt");
});

it("sends to each of a list in the third example", async () => {
  await using server = await startSmtpServer({ users: { bob: "", eve: "" } });
  const output = await runExample(readme, 2, { "mail.example.com": server });
  expect(output).toEqual([
    "bob@example.org sent ",
    "nobody@example.org never false",
    "eve@example.org sent ",
  ]);
});

it("hears of each recipient in the fourth example", async () => {
  await using server = await startSmtpServer({ lmtp: true, users: { bob: "" } });
  const output = await runExample(readme, 3, { "lmtp.example.com": server });
  expect(output).toEqual(["bob@example.org nobody@example.org"]);
});

it("finds the servers of a domain in the fifth example", async () => {
  await using server = await startSmtpServer({ users: { bob: "" } });
  const output = await runExample(readme, 4, { "mx.example.com": server });
  expect(output).toEqual(["bob@example.org 0"]);
});

it("sends for nodemailer in the sixth example", async () => {
  await using server = await startSmtpServer({ users: { bob: "" } });
  const output = await runExample(readme, 5, { "mail.example.com": server });
  expect(output).toEqual(["bob@example.org 250 2.6.0 Stored"]);
});

it("uses the verbs in the seventh example", async () => {
  await using server = await startSmtpServer({ size: 1_000 });
  const output = await runExample(readme, 6, { "mail.example.com": server });
  expect(output).toEqual(["true 1000", "250 Stored"]);
});
