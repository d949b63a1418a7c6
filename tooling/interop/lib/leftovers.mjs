// What must be gone at the end, however that comes.

const removals = new Set();

/** Remembers how to remove something. What comes back does it now. */
export function leftover(remove) {
  const once = () => {
    if (removals.delete(once)) remove();
  };
  removals.add(once);
  return once;
}

/** Synchronous, because it runs in the 'exit' event. The last comes first: servers before their files. */
export function removeLeftovers() {
  for (const remove of [...removals].toReversed()) remove();
}
