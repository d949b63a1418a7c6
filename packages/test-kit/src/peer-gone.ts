// The error of a script whose client went away: a test may want exactly that, so it fails no test by itself.

export class PeerGone extends Error {
  override readonly name: string = "PeerGone";
}
