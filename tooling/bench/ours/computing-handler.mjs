// The handler of the job `server-workers`, in a module of its own because the workers load it: computes, then echoes.
import { StreamRequestHandler } from "../../../packages/socketserver/dist/index.js";
import { compute } from "../lib/compute.mjs";

const steps = Number(process.env.BENCH_STEPS);

export class ComputingEcho extends StreamRequestHandler {
  static module = import.meta.url;

  async handle() {
    for (let line = await this.rfile.readLine(); line !== undefined; line = await this.rfile.readLine()) {
      compute(steps);
      await this.wfile.writeLine(line);
    }
  }
}
