// Why a scenario could not be tried.

/** Thrown where a program, a right or an address is missing: reported as skipped, never as passed. */
export class Skipped extends Error {}
