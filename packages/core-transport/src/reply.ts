// What every protocol's replies have in common, and what the pipeline must know of a protocol's grammar.

/** Reply is what a server answers to a command. */
export interface Reply {
  /** The lines as received, without line ends. */
  readonly lines: readonly string[];
  /** What the server says to people: the lines without codes, joined with line feeds. */
  readonly text: string;
}

/** ReplyGrammar is how one protocol's replies are read; pure functions. */
export interface ReplyGrammar<R extends Reply> {
  /** Does `line` end the reply that `first` began? Throws ProtocolError for what can't be part of a reply. */
  isLast(line: string, first: string): boolean;
  /** Makes the reply of its lines. Throws ProtocolError. */
  parse(lines: readonly string[]): R;
  /** Is this reply followed by another one to the same command (FTP's 1yz)? */
  isPreliminary?(reply: R): boolean;
  /** Does the server close the connection behind this reply (FTP's and SMTP's 421, NNTP's 400)? */
  isClosing?(reply: R): boolean;
}

/** A reply that begins with three digits: FTP, SMTP, LMTP, NNTP. */
export interface CodeReply extends Reply {
  readonly code: number;
}
