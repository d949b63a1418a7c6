# An FTP download the way the documentation of ftplib shows it.
import ftplib
import os
import sys

from measure import measure

host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def work():
    with ftplib.FTP() as client, open(path, "wb") as file:
        client.connect(host, port)
        client.login("user", "secret")
        client.retrbinary("RETR data.bin", file.write)
    return os.path.getsize(path)


measure("bytes", work)
