# poplib for the jobs of many messages, from the connect to the QUIT. Arguments: host, port, bytes of each message.
import poplib
import sys

from measure import measure

host, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def work():
    client = poplib.POP3(host, port)
    client.user("bench")
    client.pass_("secret")
    client.uidl()
    rows = client.list()[1]
    whole = sum(client.retr(int(row.split()[0]))[2] == size for row in rows)
    client.quit()
    return whole


measure("items", work)
