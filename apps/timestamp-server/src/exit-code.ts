// How the program ends, for a script as a number.

export const ExitCode = {
  stopped: 0,
  usage: 2,
  deaf: 3,
  cut: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
