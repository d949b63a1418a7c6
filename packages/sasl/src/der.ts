// As much of DER (ITU-T X.690) as it takes to look into a certificate and a TLS session.

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
}

export const SEQUENCE = 0x30;

/** The elements one behind the other, or undefined if that is not what the bytes are. */
export function derElements(bytes: Uint8Array): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    // Short, or in that many octets; more than four nobody has.
    const octets = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + octets;
    if (octets > 4 || first === 0x80 || start > bytes.length) return undefined;
    const size =
      octets === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
    if (start + size > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return elements;
}

/** What is in a constructed element, if it has this tag. */
export function derChildren(element: DerElement | undefined, tag: number): readonly DerElement[] {
  return element?.tag === tag ? (derElements(element.content) ?? []) : [];
}
