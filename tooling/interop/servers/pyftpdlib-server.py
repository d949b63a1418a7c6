"""One FTP server on pyftpdlib, as the JSON text that it is given says."""

import json
import logging
import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

asked = json.loads(sys.argv[1])
logging.basicConfig(level=logging.ERROR)
authorizer = DummyAuthorizer()
authorizer.add_user(asked["user"], asked["password"], asked["root"], perm="elradfmwMT")


class Handler(TLS_FTPHandler):
    certfile = asked["identity"]
    tls_control_required = asked["tls"] != "none"
    tls_data_required = asked["tls"] != "none"
    proto_cmds = {verb: facts for verb, facts in TLS_FTPHandler.proto_cmds.items() if verb not in asked["without"]}


Handler.authorizer = authorizer
server = FTPServer((asked["host"], asked["port"]), Handler)
server.max_cons_per_ip = asked["sessions"]
# What it serves belongs to that user, who may not read the key.
Handler.ssl_context = Handler.get_ssl_context()
os.setgid(asked["gid"])
os.setuid(asked["uid"])
server.serve_forever()
