"""Takes a write lease on a file, as a file server does, and keeps it until its standard input is closed:
`lease.py <file>`."""

import fcntl
import json
import signal
import sys

signal.signal(signal.SIGIO, signal.SIG_IGN)
with open(sys.argv[1], "r+") as file:
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    print(json.dumps({"event": "leased"}), flush=True)
    sys.stdin.read()
