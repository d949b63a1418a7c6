# lftp for the jobs `ftp-tree-...`, measured as a whole command. Arguments: host, port, number of files, local folder,
# what to do.
import json
import os
import sys

from command import measure_command

host, port, count, local, job = sys.argv[1:]
JOBS = {
    "down": f"mirror --parallel=4 /tree {local}",
    "up": f"mirror --reverse --parallel=4 {local} /up/tree",
    "remove": "rm -r /up/tree",
}
# Without a terminal it keeps quiet; it must not write a log to the home of whoever runs this, nor read his settings.
SETTINGS = "set cmd:fail-exit yes; set net:max-retries 1; set xfer:log no; set ftp:ssl-allow no"
script = f"{SETTINGS}; open -u anonymous,secret ftp://{host}:{port}; {JOBS[job]}"
home = os.path.dirname(local)
_, result = measure_command(["lftp", "--norc", "-c", script], env={**os.environ, "HOME": home})
print(json.dumps({**result, "items": int(count)}))
