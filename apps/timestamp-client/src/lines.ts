// Where the lines to send come from: the terminal, with a prompt, or another program or file.
import { createInterface } from "node:readline";

/** Yields what is typed or piped; ends at the end of it, at an empty line that was typed, or when the signal aborts. */
export async function* readLines(signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { stdin, stdout, stderr } = process;
  const isTyped = stdin.isTTY;
  // The answers may go to a file: the prompt does not.
  const output = stdout.isTTY ? stdout : stderr;
  const lines = createInterface(isTyped ? { input: stdin, output, prompt: "> " } : { input: stdin });
  const close = (): void => lines.close();
  signal.addEventListener("abort", close, { once: true });
  // At a terminal Ctrl-C is a key, not a signal; readline tells of it.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    if (isTyped) lines.prompt();
    for await (const line of lines) {
      if (isTyped && line === "") return;
      yield line;
      if (isTyped) lines.prompt();
    }
    // The cursor stands behind a prompt.
    if (isTyped) output.write("\n");
  } finally {
    signal.removeEventListener("abort", close);
    lines.close();
  }
}
