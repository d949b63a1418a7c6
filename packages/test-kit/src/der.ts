// A DER encoder for what an X.509 certificate needs (ITU-T X.690, and the time rules of RFC 5280, 4.1.2.5).

function element(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const digits = base(256, size);
  return Buffer.from([0x80 | digits.length, ...digits]);
}

function base(radix: number, value: number): number[] {
  const digits = [value % radix];
  for (let rest = Math.floor(value / radix); rest > 0; rest = Math.floor(rest / radix)) {
    digits.unshift(rest % radix);
  }
  return digits;
}

export function sequence(...items: Uint8Array[]): Buffer {
  return element(0x30, ...items);
}

/** A SET OF one, so that the sorting DER asks for never comes up. */
export function setOf(item: Uint8Array): Buffer {
  return element(0x31, item);
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0x00]));
}

/** A non-negative INTEGER from big-endian octets. */
export function unsigned(octets: Uint8Array): Buffer {
  const firstDigit = octets.findIndex((octet) => octet !== 0);
  const digits = firstDigit === -1 ? Buffer.from([0]) : octets.subarray(firstDigit);
  // A leading one bit would read as a minus sign.
  return element(0x02, Buffer.from((digits[0] ?? 0) & 0x80 ? [0] : []), digits);
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) =>
    base(128, arc).map((digit, index, digits) => (index < digits.length - 1 ? digit | 0x80 : digit)),
  );
  return element(0x06, Buffer.from(octets));
}

export function octetString(octets: Uint8Array): Buffer {
  return element(0x04, octets);
}

export function bitString(octets: Uint8Array, unusedBits = 0): Buffer {
  return element(0x03, Buffer.from([unusedBits]), octets);
}

/** A named bit list with a single bit set: DER drops every zero bit behind it. */
export function namedBit(bit: number): Buffer {
  const octets = Buffer.alloc(Math.floor(bit / 8) + 1);
  octets[octets.length - 1] = 0x80 >> (bit % 8);
  return bitString(octets, 7 - (bit % 8));
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, "utf8"));
}

/** `[number] EXPLICIT`, or an implicitly tagged constructed type. */
export function constructed(number: number, ...items: Uint8Array[]): Buffer {
  return element(0xa0 | number, ...items);
}

/** `[number] IMPLICIT` of a primitive type. */
export function primitive(number: number, content: Uint8Array): Buffer {
  return element(0x80 | number, content);
}

/** UTCTime has two digits for the year: RFC 5280 reads them as 1950 to 2049 and wants it used for those. */
export function time(date: Date): Buffer {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`a certificate cannot say ${String(date)}`);
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/\D/g, "")}Z`;
  if (year >= 1950 && year < 2050) return element(0x17, Buffer.from(digits.slice(2), "latin1"));
  return element(0x18, Buffer.from(digits, "latin1"));
}
