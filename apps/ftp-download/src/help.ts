// What --help shows.

export const HELP = `Usage: ftp-download [options] ftp://[user@]host[:port]/path ...

Downloads files over FTP, and directories with -r. A file appears under its
name only when it is complete. What came before a failure or Ctrl-C is kept
beside it, if the server tells size and time: the same command goes on there.
A second Ctrl-C ends at once.

Without a user the access is anonymous. The password of a user is asked for,
once for each server, or taken from the environment variable FTP_PASSWORD. With
a user TLS is required, unless the server is on this machine.

Options:
  -o, --output NAME      where to save it, if there is one URL
  -d, --directory DIR    where to save all (default: here); made if missing
  -r, --recursive        directories, too, with all that is in them; links, and
                         names that would lead elsewhere, are left out
      --connections N    so many transfers at once (default: 1; with -r 4)
      --segments N       so many parts of each file at once (default: 1)
      --verify           compare each file with the hash that the server tells
      --no-resume        keep no parts, go on with none, and fetch again what
                         is here with the same size and time
      --active           let the server make the data connections
      --tls MODE         implicit, starttls, opportunistic or none
      --insecure         accept any certificate
      --timeout SECONDS  how long to wait for the server (default: 30)
  -q, --quiet            say only what went wrong
  -v, --verbose          show the dialogue with the server, without passwords
  -h, --help             show this text

Exit codes, of the first URL that failed:
  0 saved                     6 cannot read the file
  2 wrong usage               7 cannot write the local file
  3 cannot reach the host     8 the transfer failed
  4 cannot log in           130 interrupted
  5 no such directory
`;
