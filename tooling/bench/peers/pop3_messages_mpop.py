# mpop for the jobs of many messages, measured as a whole command. Arguments: host, port, folder for what it writes.
import json
import os
import sys
import tempfile

from command import measure_command

host, port, folder = sys.argv[1:]
with tempfile.TemporaryDirectory(dir=folder) as own:
    mbox = f"{own}/mbox"
    # It must not read the settings of whoever runs this.
    command = f"""mpop --quiet --host={host} --port={port} --user=bench --auth=user --tls=off
        --keep=on --only-new=off --received-header=off --pipelining=auto
        --delivery=mbox,{mbox} --uidls-file={own}/uidls""".split()
    _, result = measure_command([*command, "--passwordeval=echo secret"], env={**os.environ, "HOME": own})
    with open(mbox, "rb") as file:
        whole = sum(line.startswith(b"From ") for line in file)
print(json.dumps({**result, "items": whole}))
