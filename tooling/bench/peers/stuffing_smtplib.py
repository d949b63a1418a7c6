# Dot-stuffing and line-end repair with smtplib.quotedata, one text of about 1 MiB at a time.
import smtplib
import sys
from pathlib import Path

from measure import measure

# Not read as text: that would translate the line ends.
text = Path(sys.argv[1]).read_bytes().decode("ascii")
repeats = int(sys.argv[2])

measure("bytes", lambda: sum(len(smtplib.quotedata(text)) for _ in range(repeats)))
