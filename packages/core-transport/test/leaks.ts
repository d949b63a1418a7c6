// Finds sockets, lookups and timers that a test left open.
import { setImmediate as turn } from "node:timers/promises";
import { failureOf } from "@netcli/test-kit";
import { connect, type ConnectOptions } from "../src/index.ts";

// The runner has pipes of its own, and a scripted server listens on until the end of its test.
const IGNORED = /Pipe(?:Wrap)?$|Server|^TTY|^FS|^MessagePort|^Immediate$/;
const PATIENCE_MILLISECONDS = 1_000;

function open(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !IGNORED.test(name));
}

let before = open();

// What was not there when the test file was loaded.
function leftOpen(): string[] {
  const left = open();
  for (const name of before) {
    const at = left.indexOf(name);
    if (at !== -1) left.splice(at, 1);
  }
  return left;
}

/** Waits until nothing of the kind is left but what is `expected`; rejects with the names of the rest. */
export async function nothingLeft(...expected: string[]): Promise<void> {
  await only(expected, leftOpen);
}

/** The same but for timers, of which the runner has one between tests, too. */
export async function noSocketLeft(): Promise<void> {
  await only([], () => leftOpen().filter((name) => name !== "Timeout"));
}

async function only(expected: string[], left: () => string[]): Promise<void> {
  const patience = performance.now() + PATIENCE_MILLISECONDS;
  // Handles are closed some turns after their sockets say "close".
  do {
    await turn();
    if (left().join() === expected.join()) return;
  } while (performance.now() < patience);
  const names = left().join(", ");
  // The next test is not to blame.
  before = open();
  throw new Error(`left open: ${names}`);
}

/** What connect rejects with; the client's side must be gone by then, while the server still is there. */
export async function refusal(options: ConnectOptions): Promise<unknown> {
  const error = await failureOf(connect(options));
  await nothingLeft();
  return error;
}
