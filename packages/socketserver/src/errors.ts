// The errors that only servers have.
import { NetcliError, type NetcliErrorOptions } from "@netcli/core-transport";

/** ListenError: the server could not be put on its address. `systemCode` is Node's name of the error (`EADDRINUSE`). */
export class ListenError extends NetcliError {
  static override readonly kind: string = "ListenError";
  readonly systemCode: string | undefined;

  constructor(message: string, options: NetcliErrorOptions & { systemCode?: string | undefined } = {}) {
    super(message, "ERR_NETCLI_LISTEN", options);
    this.systemCode = options.systemCode;
  }
}

/** WorkerError: a worker process could not be started, or died; what it was serving is lost. */
export class WorkerError extends NetcliError {
  static override readonly kind: string = "WorkerError";

  constructor(message: string, options: NetcliErrorOptions = {}) {
    super(message, "ERR_NETCLI_WORKER", options);
  }
}
