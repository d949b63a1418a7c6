// Runs a program as a user would, without a terminal, and watches what it says.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Transcript } from "./transcript.ts";

/** How a program ended, and all that it said. */
export interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string | undefined;
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What it can read, up to the end; null: what `type` gives it, without an end. Default: nothing. */
  readonly input?: string | null | undefined;
}

/** A program that was started. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: Transcript;
  readonly stderr: Transcript;
  /** Resolves when it has ended and everything it said was read. */
  readonly outcome: Promise<Outcome>;

  /** The file of the command is looked for in PATH. */
  constructor(command: readonly string[], { cwd, env, input = "" }: ProgramOptions = {}) {
    const [file = "", ...args] = command;
    this.child = spawn(file, args, { cwd, env });
    this.stdout = new Transcript(this.child.stdout);
    this.stderr = new Transcript(this.child.stderr);
    // It may end without having read everything.
    this.child.stdin.on("error", () => undefined);
    if (input !== null) this.child.stdin.end(input);
    this.outcome = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code) => {
        resolve({ code, stdout: this.stdout.text, stderr: this.stderr.text });
      });
    });
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** Sends a signal, and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Outcome> {
    this.child.kill(signal);
    return this.outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

/** Starts a program of ours, given its built main file. */
export function startProgram(main: URL, args: readonly string[], options?: ProgramOptions): Program {
  return new Program([process.execPath, fileURLToPath(main), ...args], options);
}
