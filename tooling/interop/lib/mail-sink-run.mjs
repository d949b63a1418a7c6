// One run of one scenario with servers that fail.
import { Run } from "./run.mjs";
import { headerOf } from "./mail-message.mjs";

/** SinkRun begins servers that fail in the ways that it wants. */
export class SinkRun extends Run {
  #house;
  from = "sender@netcli.test";
  to = "recipient@netcli.test";

  constructor({ house, signal }) {
    super({ folder: house.place.folder, signal });
    this.#house = house;
    this.message = `${headerOf({ from: this.from, to: this.to })}one line\r\n`;
  }

  /** How to get to a server that fails like that. */
  async options(fails, { protocol = "smtp", ...options } = {}) {
    const { host, port } = await this.#house.servers("smtp-sink").shared({ protocol, fails });
    return { host, port, protocol, tls: "none", trace: this.trace, signal: this.signal, ...options };
  }
}
