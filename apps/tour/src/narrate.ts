// How the tour talks: headings, and programs run as a user would run them.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Says what comes next. */
export function heading(text: string): void {
  process.stdout.write(`\n${text}\n${"-".repeat(text.length)}\n`);
}

/** How a program ended, and what it wrote to stdout. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
}

/** Runs one of our programs, given the URL of its main file, with its output shown; `input` is its stdin. */
export async function run(
  name: string,
  main: string,
  args: readonly string[],
  { input = "", env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const shown = args.map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument}'`));
  process.stdout.write(`$ ${name} ${shown.join(" ")}${input === "" ? "" : " <<< ..."}\n`);
  const child = spawn(process.execPath, [fileURLToPath(main), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  // A program that needs no input may end before it has come.
  child.stdin.on("error", () => undefined).end(input);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, stdout }));
  });
}

/** Ends the tour with an error unless what was promised came true. */
export function expect(truth: boolean, promise: string): void {
  if (!truth) throw new Error(`the tour broke down: not true that ${promise}`);
  process.stdout.write(`ok: ${promise}\n`);
}
