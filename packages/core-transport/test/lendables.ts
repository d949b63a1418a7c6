// Sessions that do nothing but say how they were ended.
import { Sessions, type SessionsKind, type SessionsOptions } from "../src/index.ts";

export interface Lent {
  isOpen: boolean;
  /** For tests that count. */
  uses: number;
  /** How it was ended, as often as it was. */
  readonly endings: string[];
  quit(): Promise<void>;
  close(): void;
}

export interface LendingFixture {
  readonly sessions: Sessions<Lent>;
  readonly opened: readonly Lent[];
  /** One that is no session of theirs yet. */
  readonly another: () => Lent;
}

/** What fails with "it passes" may be tried again. `quitting`: how long a polite end takes. */
export function sessionsOf(
  kind: Partial<SessionsKind<Lent>> = {},
  options: SessionsOptions = {},
  quitting: () => Promise<void> = () => Promise.resolve(),
): LendingFixture {
  const opened: Lent[] = [];
  const another = (): Lent => {
    const session: Lent = {
      isOpen: true,
      uses: 0,
      endings: [],
      quit: () => {
        session.endings.push("quit");
        session.isOpen = false;
        return quitting();
      },
      close: () => {
        session.endings.push("close");
        session.isOpen = false;
      },
    };
    return session;
  };
  const sessions = new Sessions<Lent>(options, {
    depth: 1,
    open: () => {
      const session = another();
      opened.push(session);
      return Promise.resolve(session);
    },
    isPassing: (error) => error instanceof Error && error.message === "it passes",
    ...kind,
  });
  return { sessions, opened, another };
}
