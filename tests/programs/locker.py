"""What flock(1) does, by Python's fcntl.flock: `locker.py <file> <command> [args...]` runs the command while it holds
the flock of the file, and exits with 1 where another process holds it."""

import fcntl
import subprocess
import sys

path, *command = sys.argv[1:]
with open(path, "a") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(1)
    sys.exit(subprocess.run(command).returncode)
