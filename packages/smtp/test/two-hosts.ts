// A domain of two hosts, of which the first one does what a test wants of it.
import { expect } from "vitest";
import {
  type EsmtpHook,
  type EsmtpServer,
  type EsmtpServerOptions,
  startEsmtpServer,
} from "@netcli/test-servers";
import { deliver, type DeliverMail, type DeliverOptions } from "../src/deliver.ts";
import type { DeliverResult } from "../src/delivery-result.ts";
import { mailHosts } from "./mail-hosts.ts";
import { type Zone, zone } from "./zone.ts";

export const message: string = "From: a@sender.example\r\nSubject: x\r\n\r\nHello\r\n";

export const resolver: Zone = zone({
  "example.com": {
    mx: [
      [10, "first.example"],
      [20, "second.example"],
    ],
  },
});

export interface Course {
  readonly result: DeliverResult;
  readonly first: EsmtpServer;
  readonly second: EsmtpServer;
  readonly called: readonly string[];
}

/** Delivers to a domain whose first host is like that, and whose second one is as it should be. */
export async function course(
  first: EsmtpServerOptions | EsmtpHook,
  mail: Partial<DeliverMail> = {},
  options: DeliverOptions = {},
): Promise<Course> {
  await using one = await startEsmtpServer(typeof first === "function" ? { reply: first } : first);
  await using two = await startEsmtpServer();
  const { proxy, called } = mailHosts({ "first.example": one.port, "second.example": two.port });
  const result = await deliver(
    { to: "b@example.com", message, ...mail },
    { resolver, mtaSts: false, name: "client.example", proxy, ...options },
  );
  expect(one.violations).toEqual([]);
  expect(two.violations).toEqual([]);
  return { result, first: one, second: two, called };
}

/** Does all as it should, but that. */
export function answering(verb: string, answer: ReturnType<EsmtpHook>): EsmtpHook {
  return (asked) => (asked === verb ? answer : undefined);
}
