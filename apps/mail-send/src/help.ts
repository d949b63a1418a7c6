// What --help shows.

export const HELP = `Usage: mail-send [options] --from ADDRESS --to ADDRESS... < message
       mail-send [options] --raw < message-with-header
       mail-send [options]

Sends a mail over SMTP or LMTP. The message is text in UTF-8, which comes from
stdin; without --to, at a terminal, all is asked for. An ADDRESS may have a
name ("Ada <ada@example.com>"), or be several with commas between.

The server is that of --url, or of the environment variable MAIL_SEND_URL, or
the one on this machine. With a user in the URL the program logs in, with the
password from MAIL_SEND_PASSWORD, which is asked for at a terminal if that is
not set, or with the OAuth token from MAIL_SEND_TOKEN. TLS is required then,
unless the server is on this machine.

Options:
      --url URL          smtp, smtps or lmtp://[user@]host[:port]
  -f, --from ADDRESS     the sender
  -t, --to ADDRESS       a recipient; this and the next five may be repeated
      --cc ADDRESS       a recipient of a copy
      --bcc ADDRESS      a recipient that the message does not name
  -s, --subject TEXT
  -a, --attach FILE      sent along with the message
      --header FIELD     a field of the header, "Name: value"
      --raw              stdin is a whole message, which is sent as it is, but
                         without Bcc; --from and --to stand for the addresses
                         in its header, and --from "<>" for no sender
      --notify WHEN      success, failure, delay (commas between), or never:
                         when the server is to report
      --require-tls      let it travel over TLS all the way, or not at all
      --tls MODE         implicit, starttls, opportunistic or none
      --ca FILE          trust the certificates in that file, and no others
      --insecure         accept any certificate
      --chunking         use BDAT, if the server can
      --name NAME        what we call ourselves
      --timeout SECONDS  how long to wait for the server (default: minutes)
  -q, --quiet            say only what went wrong
  -v, --verbose          show the dialogue with the server, without passwords
  -h, --help             show this text
      --version          show the version

Exit codes:
  0 the server took it for all      6 cannot read the message or an attachment
  1 the server took it for nobody   8 the connection broke; it was not sent
  2 wrong usage                     9 it may have been sent: nobody knows
  3 cannot reach the host          75 not now; the same may succeed later
  4 cannot log in                 130 interrupted
  5 some were refused
`;
