// The ways to speak with FTP servers: not all that there are, but every two properties meet.

const properties = {
  tls: ["none", "starttls", "implicit"],
  version: [undefined, "TLSv1.2", "TLSv1.3"],
  data: ["EPSV", "PASV", "EPRT", "PORT"],
  host: ["127.0.0.1", "::1"],
};

const words = { none: "plain", starttls: "explicit TLS", implicit: "implicit TLS" };

/** As it is said in the report. */
export function titleOf({ server, tls, version = "", data, host }) {
  const secured = `${words[tls]}${version.replace("TLSv", " ")}`;
  return `${server}, ${secured}, ${data}, ${host === "::1" ? "IPv6" : "IPv4"}`;
}

/** All that this kind of server has. */
function possible({ name, tls, has = () => true }) {
  let all = [{ server: name }];
  for (const [property, values] of Object.entries(properties)) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [property]: value })));
  }
  return all.filter(
    (one) =>
      tls.includes(one.tls) &&
      (one.tls === "none") === (one.version === undefined) &&
      // They know no IPv6.
      !(one.host === "::1" && ["PASV", "PORT"].includes(one.data)) &&
      has(one),
  );
}

/** All pairs of two properties that it has. */
function pairsOf(configuration) {
  const entries = Object.entries(configuration).map(([property, value]) => `${property} ${value}`);
  return entries.flatMap((one, at) => entries.slice(at + 1).map((other) => `${one}, ${other}`));
}

/** The usual one of each, and as few beside it as it takes for every pair that is possible. */
export function configurationsOf(kinds) {
  const all = kinds.map(possible);
  const missing = new Set(all.flat().flatMap(pairsOf));
  const chosen = [];
  const choose = (one) => {
    for (const pair of pairsOf(one)) missing.delete(pair);
    chosen.push(one);
  };
  for (const [usual] of all) choose(usual);
  const gain = (one) => pairsOf(one).filter((pair) => missing.has(pair)).length;
  // Always the one that adds most.
  while (missing.size > 0) choose(all.flat().reduce((most, one) => (gain(one) >= gain(most) ? one : most)));
  return chosen;
}
