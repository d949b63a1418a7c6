# smtplib for the job `smtp-flights`: two messages. Arguments: host, port, file of an authority.
import smtplib
import ssl
import sys

from measure import measure

host, port, ca = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.minimum_version = ssl.TLSVersion.TLSv1_3


def work():
    client = smtplib.SMTP_SSL(host, int(port), local_hostname="bench.example", context=context)
    client.login("user", "secret")
    for _ in range(2):
        client.sendmail("sender@example.com", ["receiver@example.com"], b"Subject: Two\r\n\r\nText\r\n")
    return 2


measure("items", work)
