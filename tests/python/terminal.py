# SPDX-License-Identifier: Apache-2.0
"""A program at a terminal: what is typed, and what is then on the screen."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x07")


class Terminal:
    """The program under a pseudo terminal. Everything it prints is in .output."""

    def __init__(self, args, env, rows=40, columns=100):
        self.output = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(args[0], [str(a) for a in args], env)
        self.mark = 0

    def read(self, seconds):
        """Read what comes within this time; false at the end of the program."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def since(self):
        """What was printed since the last expect, without control sequences."""
        return CONTROL.sub("", self.output[self.mark:])

    def expect(self, pattern, timeout=20):
        """Wait for a regular expression in what is new; returns the text up to and with it."""
        end = time.monotonic() + timeout
        alive = True
        while True:
            text = self.since()
            found = re.search(pattern, text)
            if found:
                self.mark = len(self.output)
                return text
            if not alive or time.monotonic() > end:
                raise AssertionError(f"{pattern!r} did not come; there is:\n{text}\n(raw {self.output[self.mark:]!r})")
            alive = self.read(0.2)

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text, pattern=r"firn[^ \n]*> $"):
        """Type a line and wait, for the next prompt unless told otherwise."""
        self.send(text + "\n")
        return self.expect(pattern)

    def wait(self, timeout=20):
        """The exit status; the program must end by itself."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        raise AssertionError(f"the program did not end:\n{self.since()}")

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
