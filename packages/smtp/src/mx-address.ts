// The addresses of mail servers, from the DNS alone: to what a stranger's MX record names, neither this machine's file
// of hosts nor its loopback belongs.
import type { LookupAddress } from "node:dns";
import { BlockList, type LookupFunction } from "node:net";
import { isAbsent, type MailResolver } from "./mx.ts";

// Who leads us to ourselves would have us relay, or go in circles (RFC 5321 5.1, 6.3).
const own = new BlockList();
own.addSubnet("0.0.0.0", 8);
own.addSubnet("127.0.0.0", 8);
own.addSubnet("::", 127, "ipv6");

/** A lookup for connections to mail servers. IPv4 comes first: over it most servers have the better manners. */
export function addressLookup(resolver: MailResolver): LookupFunction {
  return (name, { all = false, family }, callback) => {
    const answer = (addresses: readonly LookupAddress[]): void => {
      const [first] = addresses;
      if (all) callback(null, [...addresses]);
      else if (first !== undefined) callback(null, first.address, first.family);
    };
    addressesOf(name, familyOf(family), resolver).then(answer, (error: NodeJS.ErrnoException) =>
      callback(error, ""),
    );
  };
}

function familyOf(family: number | "IPv4" | "IPv6" | undefined): 4 | 6 | undefined {
  if (family === 4 || family === "IPv4") return 4;
  return family === 6 || family === "IPv6" ? 6 : undefined;
}

/** At least one. */
async function addressesOf(
  name: string,
  family: 4 | 6 | undefined,
  resolver: MailResolver,
): Promise<readonly LookupAddress[]> {
  const answers = await Promise.allSettled([
    family === 6 ? [] : resolver.resolve4(name),
    family === 4 ? [] : resolver.resolve6(name),
  ]);
  const found: LookupAddress[] = [];
  let failure: unknown;
  for (const [at, answer] of answers.entries()) {
    if (answer.status === "fulfilled") {
      found.push(...answer.value.map((address) => ({ address, family: at === 0 ? 4 : 6 })));
    } else if (!isAbsent(answer.reason)) {
      failure = answer.reason;
    }
  }
  if (found.length === 0) {
    throw failure ?? Object.assign(new Error(`no address of ${name}`), { code: "ENOTFOUND" });
  }
  const foreign = found.filter((one) => !own.check(one.address, one.family === 6 ? "ipv6" : "ipv4"));
  if (foreign.length === 0) throw new Error(`the DNS says that ${name} is this machine`);
  return foreign;
}
