"""Runs a command on a terminal of its own: what is typed comes from standard input, the screen is standard output."""
import os
import pty
import sys

sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
