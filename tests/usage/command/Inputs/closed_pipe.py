"""closed_pipe.py COMMAND...: reads a line of its output and closes the pipe; it must die by SIGPIPE,
in silence, though SIGPIPE was ignored when it was started."""
import signal
import subprocess
import sys

signal.signal(signal.SIGPIPE, signal.SIG_IGN)
run = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, restore_signals=False)
run.stdout.readline()
run.stdout.close()
said = run.stderr.read()
if run.wait() != -signal.SIGPIPE or said:
    sys.exit(f"status {run.returncode}: {said}")
