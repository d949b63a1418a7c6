# An FTP download with curl, measured as a whole command. Arguments: host, port, local file, and the file of an
# authority for TLS.
import json
import os
import sys

from command import measure_command

# curl often sleeps for 0.2 s (the timer for its next address) before it uses the data connection on loopback. That
# would flatter whatever is compared with curl. In clear such a run is thrown away and repeated. Over TLS it is every
# run, and the time from the login's handshake to the transfer is left out, which is a little more than the sleep.
PAUSE = 0.15
ATTEMPTS = 20

host, port, path, *ca = sys.argv[1:]
tls = ["--ssl-reqd", "--tlsv1.3", "--cacert", ca[0]] if ca else []
times = "%{time_appconnect} %{time_pretransfer}"
url = f"ftp://anonymous:secret@{host}:{port}/data.bin"
# -q and --noproxy: the settings of whoever runs this must not change what is measured.
command = ["curl", "-q", "-sS", "--noproxy", "*", *tls, "-w", times, "-o", path, url]

for attempt in range(ATTEMPTS):
    # Every attempt writes a new file: cutting an old one to nothing takes time.
    if os.path.exists(path):
        os.remove(path)
    output, result = measure_command(command)
    shaken, begun = map(float, output.split())
    if ca:
        result["seconds"] -= begun - shaken
    if ca or begun < PAUSE:
        break
else:
    sys.exit(f"RuntimeError: curl paused before the transfer in all of {ATTEMPTS} runs")

result["bytes"] = os.path.getsize(path)
if attempt > 0:
    result["note"] = f"repeated {attempt} x, curl paused before the transfer"
print(json.dumps(result))
