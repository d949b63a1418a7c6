# The login of curl: all that it does until it asks for a data connection, by the times it prints. Arguments: host,
# port, and the file of an authority for TLS.
import datetime
import json
import re
import subprocess
import sys

from command import measure_command

host, port, *ca = sys.argv[1:]
tls = ["--ssl-reqd", "--tlsv1.3", "--cacert", ca[0]] if ca else []
url = f"ftp://anonymous:secret@{host}:{port}/"
command = ["curl", "-q", "-sS", "--noproxy", "*", "-v", "--trace-time", *tls, url]
output, result = measure_command(command, stderr=subprocess.STDOUT, text=True)


def time_of(pattern):
    clock = re.search(r"([\d:]+\.\d+) " + pattern, output)[1]
    return datetime.datetime.strptime(clock, "%H:%M:%S.%f")


result["seconds"] = (time_of("> EPSV") - time_of(r"\*\s+Trying")).total_seconds()
print(json.dumps({**result, "items": 1}))
