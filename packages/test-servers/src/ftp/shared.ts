// What the sessions of one server have in common.
import type { CommandReader } from "./command.ts";
import type { DataPort } from "./data-port.ts";
import type { Features, FtpVerb } from "./features.ts";
import type { FtpServerOptions } from "./options.ts";
import type { Tree } from "./tree.ts";
import type { FtpServerSession } from "./view.ts";

export interface Shared {
  readonly options: FtpServerOptions;
  readonly features: Features;
  /** All that there are, switched off or not. */
  readonly verbs: readonly FtpVerb[];
  readonly tree: Tree;
  readonly reader: CommandReader;
  readonly commands: string[];
  readonly errors: unknown[];
  readonly sessions: FtpServerSession[];
  /** The ports and data connections that are open. */
  readonly ports: Set<DataPort>;
}
