# poplib for the job `pop3-list`: numbers, sizes and ids. Arguments: host, port, how many times.
import poplib
import sys

from measure import measure

host, port, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def rows_of(client):
    sizes = [[int(part) for part in row.split()] for row in client.list()[1]]
    ids = dict(row.decode().split() for row in client.uidl()[1])
    return [(number, size, ids[str(number)]) for number, size in sizes]


def work():
    client = poplib.POP3(host, port)
    client.user("bench")
    client.pass_("secret")
    count = sum(len(rows_of(client)) for _ in range(times))
    client.quit()
    return count


measure("items", work)
