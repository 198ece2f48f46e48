"""lit's format for Markdown files: run_document.py on each, against an installed tree."""
import os
import pty
import subprocess
import sys

import lit.formats
import lit.Test

RUN_DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_document.py")


class DocumentTest(lit.formats.FileBasedTest):
    def __init__(self, prefix):
        super().__init__()
        self.prefix = prefix

    def execute(self, test, litConfig):
        try:
            for end in pty.openpty():
                os.close(end)
        except OSError as error:  # a root without /dev/pts
            return lit.Test.UNSUPPORTED, f"Test requires a pseudo-terminal: {error}"
        command = [sys.executable, RUN_DOCUMENT, "--prefix", self.prefix, "--folder",
                   test.getExecPath() + ".tmp", test.getSourcePath()]
        done = subprocess.run(command, env=test.config.environment, text=True, errors="replace", check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return (lit.Test.FAIL if done.returncode else lit.Test.PASS), done.stdout
