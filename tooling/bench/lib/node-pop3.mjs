// The npm package node-pop3, the newest that there is.
import { fromNpm } from "./npm.mjs";

/** The folder to load it from. Throws Skipped where it can't be had. */
export const nodePop3 = () => fromNpm("node-pop3@latest");
