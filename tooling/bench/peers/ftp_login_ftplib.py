# A login with ftplib. Arguments: host, port, and the file of an authority for TLS.
import ftplib
import ssl
import sys

from measure import measure

host, port, *ca = sys.argv[1:]
if ca:
    context = ssl.create_default_context(cafile=ca[0])
    context.minimum_version = ssl.TLSVersion.TLSv1_3


def work():
    client = ftplib.FTP_TLS(context=context) if ca else ftplib.FTP()
    client.connect(host, int(port))
    client.login("anonymous", "secret")
    if ca:
        client.prot_p()
    return 1


measure("items", work)
