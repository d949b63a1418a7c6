# poplib for the job `pop3-large`. Arguments: host, port, how many times.
import poplib
import sys

from measure import measure

host, port, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def work():
    client = poplib.POP3(host, port)
    client.user("bench")
    client.pass_("secret")
    size = sum(client.retr(1)[2] for _ in range(times))
    client.quit()
    return size


measure("bytes", work)
