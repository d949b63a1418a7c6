# Measures the work of a whole command: its CPU time is that of the ended child.
import json
import resource
import shutil
import subprocess
import sys
import time


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure_command(command, **options):
    """Runs it to its end, which must be a good one; returns what it printed, and the times."""
    if not shutil.which(command[0]):
        print(json.dumps({"skipped": f"no {command[0]}"}))
        sys.exit()
    cpu, wall = cpu_of_children(), time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, **options)
    return done.stdout, {"seconds": time.perf_counter() - wall, "cpu": cpu_of_children() - cpu}
