// All facts of an MLSx line, for those who ask: most callers never do, and a Map for each line would cost as much as
// reading it.

/** Facts parts a line when it is first asked. Names are in lower case; of equal names the last one counts. */
export class Facts implements ReadonlyMap<string, string> {
  readonly #line: string;
  readonly #start: number;
  readonly #end: number;
  #map: Map<string, string> | undefined;

  /** The facts are between two places of the line: "type=file;size=3;". */
  constructor(line: string, start: number, end: number) {
    this.#line = line;
    this.#start = start;
    this.#end = end;
  }

  #parted(): Map<string, string> {
    this.#map ??= new Map(
      this.#line
        .slice(this.#start, this.#end)
        .split(";")
        .map((fact): [string, number] => [fact, fact.indexOf("=")])
        .filter(([, equals]) => equals > 0)
        .map(([fact, equals]) => [fact.slice(0, equals).toLowerCase(), fact.slice(equals + 1)]),
    );
    return this.#map;
  }

  get size(): number {
    return this.#parted().size;
  }

  get(name: string): string | undefined {
    return this.#parted().get(name);
  }

  has(name: string): boolean {
    return this.#parted().has(name);
  }

  forEach(take: (value: string, name: string, facts: ReadonlyMap<string, string>) => void): void {
    for (const [name, value] of this.#parted()) take(value, name, this);
  }

  keys(): MapIterator<string> {
    return this.#parted().keys();
  }

  values(): MapIterator<string> {
    return this.#parted().values();
  }

  entries(): MapIterator<[string, string]> {
    return this.#parted().entries();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#parted().entries();
  }
}
