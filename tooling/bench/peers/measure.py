# Measures the work of one Python variant inside its own process and prints the one JSON line.
import json
import time


def measure(unit, work):
    """`work` returns how many bytes or items (named by `unit`) it handled."""
    cpu, wall = time.process_time(), time.perf_counter()
    amount = work()
    seconds = time.perf_counter() - wall
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, unit: amount}))
