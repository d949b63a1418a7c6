// Directories and those above them: one that is found below itself has no end.

/** Lineage knows who each directory of a tree is. */
export class Lineage {
  readonly #identities: Map<string, string> = new Map();

  /** Notes a directory, by its path with slashes; false if it is one of those above it. */
  add(path: string, identity: string): boolean {
    this.#identities.set(path, identity);
    for (let above = path; above !== "";) {
      above = above.slice(0, Math.max(above.lastIndexOf("/"), 0));
      if (this.#identities.get(above) === identity) return false;
    }
    return true;
  }
}
