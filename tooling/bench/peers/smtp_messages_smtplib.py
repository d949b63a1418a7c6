# smtplib for the jobs of many messages, with a thread for each connection. Arguments: host, port, file of the message,
# how many, connections.
import smtplib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measure import measure

host, port, path, count, connections = sys.argv[1:]
message = Path(path).read_bytes()


def send(amount):
    # Without a name it would ask the DNS for one.
    client = smtplib.SMTP(host, int(port), local_hostname="bench.example")
    for _ in range(amount):
        client.sendmail("sender@example.com", ["receiver@example.com"], message)
    return amount


def work():
    amounts = [len(range(first, int(count), int(connections))) for first in range(int(connections))]
    with ThreadPoolExecutor(len(amounts)) as threads:
        return sum(threads.map(send, amounts))


measure("items", work)
