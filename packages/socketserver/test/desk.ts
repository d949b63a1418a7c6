// A server without a network, for the chain of BaseServer alone: requests are words that a test puts on the desk.
import { BaseRequestHandler, BaseServer, type ClientAddress } from "../src/index.ts";

/** Notes each step of the chain. */
export class Desk extends BaseServer<string> {
  readonly serverAddress = "desk";
  readonly did: string[] = [];
  readonly errors: unknown[] = [];

  put(...requests: string[]): void {
    for (const request of requests) this.received(request, ["", 0]);
  }

  override async serverActivate(): Promise<void> {
    this.did.push("serverActivate");
  }

  override verifyRequest(request: string): boolean | Promise<boolean> {
    this.did.push(`verify ${request}`);
    return true;
  }

  override async processRequest(request: string, from: ClientAddress): Promise<void> {
    this.did.push(`process ${request}`);
    await super.processRequest(request, from);
  }

  override async finishRequest(request: string, from: ClientAddress): Promise<void> {
    this.did.push(`finish ${request}`);
    await super.finishRequest(request, from);
  }

  override shutdownRequest(request: string): void | Promise<void> {
    this.did.push(`shut down ${request}`);
    return super.shutdownRequest(request);
  }

  override closeRequest(request: string): void | Promise<void> {
    this.did.push(`close ${request}`);
  }

  override handleError(_request: string | undefined, _from: ClientAddress, error: unknown): void {
    this.errors.push(error);
  }
}

/** Notes its calls. */
export class Clerk extends BaseRequestHandler<string> {
  declare readonly server: Desk;

  override setup(): void | Promise<void> {
    this.server.did.push("setup");
  }

  override handle(): void | Promise<void> {
    this.server.did.push("handle");
  }

  override finish(): void | Promise<void> {
    this.server.did.push("finish");
  }
}
