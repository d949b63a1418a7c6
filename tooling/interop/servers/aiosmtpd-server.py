"""One server for SMTP or LMTP on aiosmtpd, as the JSON text that it is given says."""

import asyncio
import json
import logging
import os
import ssl
import sys
from pathlib import Path

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

asked = json.loads(sys.argv[1])
logging.basicConfig(level=logging.ERROR)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(asked["identity"])
root = Path(asked["root"])
# Long lines are none of its business here.
SMTP.line_length_limit = 1_000_000


def log_in(server, session, envelope, mechanism, data):
    is_right = data.password == asked["password"].encode()
    return AuthResult(success=is_right, handled=False)


class Deliveries:
    """Puts messages into the mailboxes as they came, byte for byte."""

    def __init__(self):
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        name, _, domain = address.partition("@")
        is_ours = domain == asked["domain"]
        if not is_ours and not session.authenticated:
            return "550 5.7.1 no relaying"
        if is_ours and not (root / name).is_dir():
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        # One for each of them; or, for all, one that failed.
        replies = [self.deliver(address, envelope.original_content) for address in envelope.rcpt_tos]
        return "\r\n".join(replies) if asked["protocol"] == "lmtp" else max(replies)

    def deliver(self, address, content):
        name, _, domain = address.partition("@")
        if domain != asked["domain"]:
            return "250 2.0.0 passed on to nowhere"
        self.count += 1
        maildir = root / name / "Maildir"
        file = f"{os.getpid()}-{id(self)}-{self.count}"
        try:
            (maildir / "tmp" / file).write_bytes(content)
            (maildir / "tmp" / file).rename(maildir / "new" / file)
        except OSError:
            return "452 4.2.0 the mailbox is not there"
        return "250 2.0.0 delivered"


def protocol():
    has_tls = asked["tls"] == "starttls"
    return (LMTP if asked["protocol"] == "lmtp" else SMTP)(
        Deliveries(),
        data_size_limit=20_000_000,
        enable_SMTPUTF8=True,
        hostname="mail.netcli.test",
        tls_context=context if has_tls else None,
        require_starttls=has_tls,
        auth_required=asked["auth"],
        auth_require_tls=has_tls,
        auth_exclude_mechanism=[] if asked["auth"] else ["LOGIN", "PLAIN"],
        authenticator=log_in if asked["auth"] else None,
    )


async def main():
    secured = context if asked["tls"] == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, asked["host"], asked["port"], ssl=secured)
    # Its mailboxes belong to that user, who may not read the key.
    os.setgid(asked["gid"])
    os.setuid(asked["uid"])
    await server.serve_forever()


asyncio.run(main())
