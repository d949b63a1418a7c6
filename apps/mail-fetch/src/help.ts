// What --help shows.

export const HELP = `Usage: mail-fetch [options] [pop3://user@host[:port]]

Fetches the messages of a maildrop over POP3. Without options they are shown on
stdout, each behind a line with its number, size and unique id. The URL may be
in the environment variable MAIL_FETCH_URL instead.

The password is asked for, or taken from MAIL_FETCH_PASSWORD; an OAuth token
comes from MAIL_FETCH_TOKEN. TLS is required, unless the server is on this
machine.

Options:
  -l, --list             show a table of the messages instead
  -s, --save DIR         save each in that Maildir, which is made if missing
  -m, --mbox FILE        append them to that file, in the form mboxrd
      --keep             leave them on the server (default)
      --delete           delete those that were saved
  -n, --new              only those that were not fetched with --new before
      --state FILE       where --new remembers that (default: a file for each
                         account in ~/.local/state/mail-fetch, or below
                         $XDG_STATE_HOME)
      --max-size BYTES   leave out larger ones; 500K, 10M, 1.5G are understood
      --newest-first     in the order opposite to the server's
      --tls MODE         implicit, starttls, opportunistic or none
      --ca FILE          trust the certificates in that file, and no others
      --insecure         accept any certificate
      --timeout SECONDS  how long to wait for the server (default: a minute)
  -q, --quiet            say only what went wrong
  -v, --verbose          show the dialogue with the server, without passwords
  -h, --help             show this text
      --version          show the version

Exit codes:
  0 all was fetched                 6 cannot read a message, or --ca
  2 wrong usage                     7 cannot write what was fetched
  3 cannot reach the host           8 the connection broke
  4 cannot log in                  75 not now; the same may succeed later
  5 some were saved, not deleted  130 interrupted
`;
