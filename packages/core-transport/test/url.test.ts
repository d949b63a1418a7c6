// URLs of servers, good and bad: what is read from them, and that nothing else comes out than that or an ArgumentError.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../src/errors.ts";
import { normalizeHost, parseServerUrl, type ServerUrl } from "../src/url.ts";

vi.setConfig({ testTimeout: 30_000 });

function parts({ scheme, host, port, user, password, path }: ServerUrl): unknown[] {
  return [scheme, host, port, user, password, path];
}

const none = undefined;

describe("a URL is taken apart", () => {
  test.each<[string, unknown[]]>([
    ["ftp://ftp.example.org", ["ftp", "ftp.example.org", 21, none, none, ""]],
    ["ftps://ftp.example.org/", ["ftps", "ftp.example.org", 990, none, none, ""]],
    ["smtp://mx.example.org", ["smtp", "mx.example.org", 25, none, none, ""]],
    ["smtps://mx.example.org", ["smtps", "mx.example.org", 465, none, none, ""]],
    ["lmtp://mx.example.org", ["lmtp", "mx.example.org", 24, none, none, ""]],
    ["pop3://pop.example.org", ["pop3", "pop.example.org", 110, none, none, ""]],
    ["pop3s://pop.example.org", ["pop3s", "pop.example.org", 995, none, none, ""]],
    ["nntp://news.example.org/comp.lang.c/1", ["nntp", "news.example.org", 119, none, none, "comp.lang.c/1"]],
    ["nntps://news.example.org", ["nntps", "news.example.org", 563, none, none, ""]],
    ["news:comp.lang.c", ["news", "", 119, none, none, "comp.lang.c"]],
    ["news:*", ["news", "", 119, none, none, "*"]],
    ["news:", ["news", "", 119, none, none, ""]],
    ["news:a%2Fb@example.org", ["news", "", 119, none, none, "a/b@example.org"]],
    ["news://news.example.org/comp.lang.c", ["news", "news.example.org", 119, none, none, "comp.lang.c"]],
    ["news://news.example.org:1190/id@x", ["news", "news.example.org", 1190, none, none, "id@x"]],
    ["FTP://FTP.Example.ORG/Path", ["ftp", "ftp.example.org", 21, none, none, "Path"]],
    ["ftp://user@host/", ["ftp", "host", 21, "user", none, ""]],
    ["ftp://user:@host/", ["ftp", "host", 21, "user", "", ""]],
    ["ftp://@host/", ["ftp", "host", 21, "", none, ""]],
    ["ftp://user:p:w@host/", ["ftp", "host", 21, "user", "p:w", ""]],
    ["ftp://us%40er:p%2Fw%3A%25@host/", ["ftp", "host", 21, "us@er", "p/w:%", ""]],
    ["ftp://me@example.org:pw@host:2121/x", ["ftp", "host", 2121, "me@example.org", "pw", "x"]],
    ["ftp://host:/", ["ftp", "host", 21, none, none, ""]],
    ["ftp://host:1/", ["ftp", "host", 1, none, none, ""]],
    ["ftp://host:65535", ["ftp", "host", 65_535, none, none, ""]],
    ["ftp://[::1]", ["ftp", "::1", 21, none, none, ""]],
    ["ftp://u:p@[2001:db8::1]:2121/x", ["ftp", "2001:db8::1", 2121, "u", "p", "x"]],
    ["ftp://[fe80::1%25eth0]/", ["ftp", "fe80::1%eth0", 21, none, none, ""]],
    ["ftp://127.0.0.1:2121", ["ftp", "127.0.0.1", 2121, none, none, ""]],
    ["ftp://host/a/b/", ["ftp", "host", 21, none, none, "a/b/"]],
    ["ftp://host/%2Fetc/motd", ["ftp", "host", 21, none, none, "/etc/motd"]],
    ["ftp://host//etc/motd", ["ftp", "host", 21, none, none, "/etc/motd"]],
    ["ftp://host/../a/./b", ["ftp", "host", 21, none, none, "../a/./b"]],
    ["ftp://host/a%20b%3Fc%23d?e", ["ftp", "host", 21, none, none, "a b?c#d?e"]],
    ["ftp://host/gr%C3%BCn", ["ftp", "host", 21, none, none, "grün"]],
    ["ftp://host/grün", ["ftp", "host", 21, none, none, "grün"]],
    ["ftp://bücher.example/", ["ftp", "xn--bcher-kva.example", 21, none, none, ""]],
    ["ftp://b%C3%BCcher.example/", ["ftp", "xn--bcher-kva.example", 21, none, none, ""]],
    ["ftp://my_host.example.org./", ["ftp", "my_host.example.org.", 21, none, none, ""]],
  ])("%s", (url, expected) => {
    expect(parts(parseServerUrl(url))).toEqual(expected);
  });

  test("given as a URL object", () => {
    const url = new URL("ftp://user:pass@example.org/a%20b");
    expect(parts(parseServerUrl(url))).toEqual(["ftp", "example.org", 21, "user", "pass", "a b"]);
  });
});

describe("a URL is refused", () => {
  test.each([
    ["", "the URL must begin with one of ftp:, ftps:, smtp:"],
    ["example.org", "the URL must begin with one of"],
    ["//example.org/", "the URL must begin with one of"],
    [":", "the URL must begin with one of"],
    ["http://example.org/", 'not "http:"'],
    ["__proto__://example.org/", "the URL must begin with one of"],
    ["constructor://example.org/", 'not "constructor:"'],
    ["ftp:example.org", '"ftp:" must be followed by "//"'],
    ["ftp:/example.org", '"ftp:" must be followed by "//"'],
    ["nntp:comp.lang.c", '"nntp:" must be followed by "//"'],
    ["ftp://", "not a host name"],
    ["ftp:///path", "not a host name"],
    ["news:///group", "not a host name"],
    ["ftp://user@/", "not a host name"],
    ["ftp://:21/", "not a host name"],
    ["ftp://::1/", "not a host name"],
    ["ftp://[::1/", "not a host name"],
    ["ftp://[::1]x/", "not a host name"],
    ["ftp://[::g]/", "not a host name"],
    ["ftp://[example.org]/", "not a host name"],
    ["ftp://-x.example.org/", "not a host name"],
    ["ftp://256.1.1.1/", "not a host name"],
    ["ftp://a,b/", "not a host name"],
    ["ftp://a%2Fb/", "not a host name"],
    ["ftp://a%3A21/", "not a host name"],
    ["ftp://a%40b/", "not a host name"],
    ["ftp://a%2561/", "not a host name"],
    ["ftp://good.example%5C.evil.example/", "not a host name"],
    ["ftp://good.example\\.evil.example/", "not a host name"],
    ["ftp://good.example?.evil.example/", "not a host name"],
    [`ftp://${"a".repeat(254)}/`, "not a host name"],
    ["ftp://host:0/", "the port in the URL must be 1 to 65535"],
    ["ftp://host:65536/", "the port in the URL must be 1 to 65535"],
    ["ftp://host:21a/", "the port in the URL must be 1 to 65535"],
    ["ftp://host:-1/", "the port in the URL must be 1 to 65535"],
    ["ftp://host:000021/", "the port in the URL must be 1 to 65535"],
    ["ftp://host:21:22/", "the port in the URL must be 1 to 65535"],
    ["ftp://host/a#b", 'a "#" in the URL must be written as %23'],
    ["ftp://host/a b", "the URL contains a space or control character"],
    [" ftp://host/", "the URL contains a space or control character"],
    ["ftp://host/a\r\nDELE b", "the URL contains a space or control character"],
    ["ftp://ho\tst/", "the URL contains a space or control character"],
    ["ftp://host/a\u0085b", "the URL contains a space or control character"],
    ["ftp://host/a%0d%0aDELE%20b", "the path in the URL contains a control character"],
    ["ftp://host/a%00", "the path in the URL contains a control character"],
    ["ftp://host/a%C2%85", "the path in the URL contains a control character"],
    ["ftp://us%0Aer@host/", "the user in the URL contains a control character"],
    ["ftp://u:p%0D@host/", "the password in the URL contains a control character"],
    ["ftp://ho%0Ast/", "the host in the URL contains a control character"],
    ["news:a%0Ab", "the path in the URL contains a control character"],
    ["ftp://host/100%", 'the path in the URL has a "%" without a UTF-8 character behind it'],
    ["ftp://host/%E9", 'the path in the URL has a "%"'],
    ["ftp://host/%zz", 'the path in the URL has a "%"'],
  ])("%j", (url, message) => {
    expect(() => parseServerUrl(url)).toThrow(ArgumentError);
    expect(() => parseServerUrl(url)).toThrow(message);
  });

  test.each([
    "ftp://user:hunter2@host:0/",
    "ftp://user:hunter2@-/",
    "ftp://user:hunter2@/",
    "ftp://user:hunter2@host/#",
    "ftp://user:hunter2@host/ ",
    "ftp://user:hunter2%0a@host/",
    "ftp://user:hunter2%zz@host/",
    "ftp://user:hunter2/x@host:0/",
    "ftp://user:a/hunter2@%/",
    "ftp://user:a@hunter2!/b@host/",
    "ftp://[hunter2@",
    "ftp:user:hunter2@host",
    "user:hunter2@host",
    "hunter2@host:21",
    "ftp//user:hunter2@host",
    "http://user:hunter2@host",
  ])("without its password in the message or the stack: %s", (url) => {
    const stripped = {
      message: expect.not.stringContaining("hunter2"),
      stack: expect.not.stringContaining("hunter2"),
    };
    expect(() => parseServerUrl(url)).toThrow(expect.objectContaining(stripped));
  });
});

test("any text gives a server's URL free of control characters, or an ArgumentError", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom(
      "ftp",
      "news",
      "://",
      ":",
      "/",
      "@",
      "[",
      "]",
      "::1",
      "%",
      "%25",
      "%0A",
      "%2F",
      "host",
      "21",
      "ü",
      "\ud800",
    ),
  );
  const text = fc
    .tuple(fc.constantFrom("ftp://", "news:", "smtp://u:p@", ""), fc.array(piece, { maxLength: 12 }))
    .map(([start, rest]) => start + rest.join(""));
  fc.assert(
    fc.property(text, (url) => {
      let parsed: ServerUrl;
      try {
        parsed = parseServerUrl(url);
      } catch (error) {
        if (error instanceof ArgumentError) return;
        throw error;
      }
      expect(parts(parsed).join("")).not.toMatch(/\p{Cc}/u);
      expect(parsed.host).toMatch(/^([a-z0-9_][a-z0-9._-]*|[0-9a-fA-F:.]+(%[\w.:-]+)?)?$/);
      expect(parsed.host !== "" || parsed.scheme === "news").toBe(true);
      expect(Number.isInteger(parsed.port) && parsed.port > 0 && parsed.port < 65_536).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("every user, password and path survives percent-encoding", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => !/\p{Cc}/u.test(value));
  fc.assert(
    fc.property(text, text, text, (user, password, path) => {
      const url = `ftp://${[user, password].map(encodeURIComponent).join(":")}@host/${encodeURIComponent(path)}`;
      expect(parts(parseServerUrl(url))).toEqual(["ftp", "host", 21, user, password, path]);
    }),
  );
});

describe("a megabyte is taken or refused in linear time", () => {
  const million = 1_000_000;
  const ideographs = Array.from({ length: million }, (_, at) => String.fromCodePoint(0x4e00 + (at % 20_000)));

  test.each<[string, string]>([
    ["a path", `ftp://host/${"%41".repeat(million)}`],
    ["a host", `ftp://${"a".repeat(million)}`],
    ["an international host", `ftp://${ideographs.join("")}`],
    ["dots", `ftp://${"1.".repeat(million)}`],
    ["colons", `ftp://[${":".repeat(million)}]`],
    ["users", `ftp://${"u:p@".repeat(million)}`],
    ["digits", `ftp://host:${"1".repeat(million)}`],
    ["a scheme", `${"f".repeat(million)}:`],
    ["percent signs", `ftp://host/${"%".repeat(million)}`],
  ])("%s", (_, url) => {
    const start = performance.now();
    let message = "";
    try {
      parseServerUrl(url);
    } catch (error) {
      message = (error as ArgumentError).message;
    }
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(message.length).toBeLessThan(200);
  });
});

describe("a host", () => {
  test.each([
    ["Example.ORG", "example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["10.0.0.1", "10.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
  ])("%s becomes %s", (host, expected) => {
    expect(normalizeHost(host)).toBe(expected);
  });

  test.each([
    "",
    ".",
    "a b",
    "a\nb.example",
    "exa\tmple.org",
    "a/b",
    "a:21",
    "a@b",
    "*.example.org",
    "a\\b",
    "ex%61mple",
  ])("%j is refused", (host) => {
    expect(() => normalizeHost(host)).toThrow(`"${host}" is not a host name`);
  });
});
