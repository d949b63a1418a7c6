// Runs the examples of a README, so that they stay true.
import { fileURLToPath } from "node:url";

/** Where an example's `something.example.com` is during a test. */
export interface ExampleHost {
  readonly host: string;
  readonly port: number;
}

/**
 * Runs one `ts` block of a README, counted from 0, and resolves to what it logged. Works in vitest only, whose
 * configuration knows how to make a module of the block.
 */
export async function runExample(
  readme: URL,
  number: number,
  hosts: Readonly<Record<string, ExampleHost>>,
): Promise<readonly string[]> {
  const output: string[] = [];
  Object.assign(globalThis, { [Symbol.for("netcli.example")]: { hosts, output } });
  await import(`${fileURLToPath(readme)}?example=${number}`);
  return output;
}
