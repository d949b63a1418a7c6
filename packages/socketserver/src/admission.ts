// Who is served, who waits and who is sent away: limits on all connections and on those of one address. Pure.
import { isIPv6 } from "node:net";
import { ArgumentError } from "@netcli/core-transport";

export interface AdmissionOptions {
  /** Connections served at a time. Default: no limit. */
  maxConnections?: number | undefined;
  /** What happens to a connection beyond `maxConnections`: it waits its turn, or is sent away. Default `queue`. */
  overflow?: "queue" | "refuse" | undefined;
  /** Connections that may wait; further ones are sent away. Default 1,024. */
  maxQueued?: number | undefined;
  /** Connections of one client, waiting ones included: of an IPv4 address, or an IPv6 network of 64 bits. Default: no limit. */
  maxPerAddress?: number | undefined;
}

const QUEUED = 1_024;

export class Admission {
  readonly maxConnections: number;
  readonly maxQueued: number;
  readonly maxPerAddress: number;
  readonly #perAddress: Map<string, number> = new Map();

  /** Throws ArgumentError for a limit that is not a whole number above 0. */
  constructor(options: AdmissionOptions) {
    this.maxConnections = positive("maxConnections", options.maxConnections ?? Infinity);
    this.maxPerAddress = positive("maxPerAddress", options.maxPerAddress ?? Infinity);
    const { overflow = "queue" } = options;
    if (overflow !== "queue" && overflow !== "refuse") {
      throw new ArgumentError(`overflow must be "queue" or "refuse", not "${String(overflow)}"`);
    }
    this.maxQueued = overflow === "refuse" ? 0 : positive("maxQueued", options.maxQueued ?? QUEUED);
  }

  /** False: `enter` and `leave` have nothing to do. */
  get countsAddresses(): boolean {
    return this.maxPerAddress !== Infinity;
  }

  /** Counts a connection of that address; false, and it is not counted, if there are enough. */
  enter(address: string): boolean {
    if (!this.countsAddresses) return true;
    const network = networkOf(address);
    const count = this.#perAddress.get(network) ?? 0;
    if (count >= this.maxPerAddress) return false;
    this.#perAddress.set(network, count + 1);
    return true;
  }

  /** The counterpart of `enter`. */
  leave(address: string): void {
    if (!this.countsAddresses) return;
    const network = networkOf(address);
    const count = this.#perAddress.get(network) ?? 0;
    if (count > 1) this.#perAddress.set(network, count - 1);
    else this.#perAddress.delete(network);
  }
}

function positive(name: string, value: number): number {
  if (value === Infinity || (Number.isInteger(value) && value > 0)) return value;
  throw new ArgumentError(`${name} must be a whole number above 0, not ${value}`);
}

/** Whoever has one IPv6 address has its whole /64. */
function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, "").replace(/%.*$/, "");
  if (!isIPv6(bare)) return bare;
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  if (tail !== undefined) groups.push(...Array<string>(8 - groups.length - last.length).fill("0"), ...last);
  return groups
    .slice(0, 4)
    .map((group) => group.padStart(4, "0"))
    .join(":");
}
