// How the tour talks: headings, and programs run as a user would run them.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Says what comes next. */
export function heading(text: string): void {
  process.stdout.write(`\n${text}\n${"-".repeat(text.length)}\n`);
}

/**
 * Runs one of our programs with its output shown, and resolves to its exit code. `shown` is the command line as a
 * user would type it.
 */
export async function run(program: string, args: readonly string[]): Promise<number> {
  process.stdout.write(`$ ${program} ${args.join(" ")}\n`);
  const main = fileURLToPath(import.meta.resolve(`${program}/dist/main.js`));
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** Ends the tour with an error unless what was promised came true. */
export function expect(truth: boolean, promise: string): void {
  if (!truth) throw new Error(`the tour broke down: not true that ${promise}`);
  process.stdout.write(`ok: ${promise}\n`);
}
