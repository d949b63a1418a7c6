# smtplib for the jobs `smtp-body` and `smtp-body-stream`. Arguments: host, port, file of the message, how many times,
# and whether it is read from memory or from the file, each time as a whole: smtplib takes no streams.
import re
import smtplib
import sys
from pathlib import Path

from measure import measure

host, port, path, times, source = sys.argv[1:]
message = Path(path).read_bytes() if source == "memory" else None


def work():
    client = smtplib.SMTP(host, int(port), local_hostname="bench.example")
    client.ehlo()
    taken = 0
    for _ in range(int(times)):
        # What sendmail() does, which does not give the reply away.
        client.mail("sender@example.com")
        client.rcpt("receiver@example.com")
        _, reply = client.data(message or Path(path).read_bytes())
        taken += int(re.search(rb"(\d+) bytes", reply)[1])
    return taken


measure("bytes", work)
