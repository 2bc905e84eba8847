"""Reports in JSON lines, to the file that its argument names, each signal and who sent it: 0 is the terminal. Two of a
kind are two reports, where a handler would see one. Ends with its standard input, or after a SIGTERM."""
import json
import os
import signal
import sys
import threading

signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
out = open(sys.argv[1], "w")


def report(**fields):
    print(json.dumps(fields), file=out, flush=True)


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
report(event="ready", parent=os.getppid())
while True:
    info = signal.sigwaitinfo(signal.valid_signals())
    name = signal.Signals(info.si_signo).name
    report(event="signal", signal=name, sender=0 if info.si_code > 0 else info.si_pid)
    if name == "SIGTERM":
        os._exit(0)
