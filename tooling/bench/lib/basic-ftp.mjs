// The npm package basic-ftp.
import { fromNpm } from "./npm.mjs";

/** The folder to load it from. Throws Skipped where it can't be had. */
export const basicFtp = () => fromNpm("basic-ftp@6.2.3");
