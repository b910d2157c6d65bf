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
import unicodedata

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


class Screen:
    """What a terminal shows of an output: rows of (character, colours) and where the cursor is."""

    def __init__(self, output, rows=40, columns=100):
        self.rows, self.columns = rows, columns
        self.cells = [[(" ", "0")] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.style = "0"
        for found in re.finditer(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b.|.", output, re.S):
            if found[2]:
                self.control(found[1], found[2])
            elif found[0][0] != "\x1b":
                self.character(found[0])

    def character(self, one):
        if one == "\r":
            self.column = 0
        elif one == "\n":
            self.down()
        elif one == "\b":
            self.column = max(self.column - 1, 0)
        elif one >= " ":
            wide = unicodedata.east_asian_width(one) in "WF"
            if self.column + 1 + wide > self.columns:  # the last column is left when the next character comes
                self.column = 0
                self.down()
            self.cells[self.row][self.column] = (one, self.style)
            if wide:
                self.cells[self.row][self.column + 1] = ("", self.style)
            self.column += 1 + wide

    def down(self):
        self.row += 1
        if self.row == self.rows:
            self.cells = self.cells[1:] + [[(" ", "0")] * self.columns]
            self.row -= 1

    def control(self, arguments, letter):
        n = int(arguments) if arguments.isdigit() else 1
        at = min(self.column, self.columns - 1)
        if letter == "m":
            self.style = arguments or "0"
        elif letter in "AB":
            self.row = min(max(self.row + (n if letter == "B" else -n), 0), self.rows - 1)
        elif letter == "C":
            self.column = min(self.column + n, self.columns - 1)
        elif letter == "D":
            self.column = max(self.column - n, 0)
        elif letter == "H":
            self.row = self.column = 0
        elif letter in "JK":
            whole = letter == "J" and arguments == "2"
            self.cells[self.row][0 if whole else at:] = [(" ", "0")] * (self.columns if whole else self.columns - at)
            for row in range(0 if whole else self.row + 1, self.rows if letter == "J" else 0):
                self.cells[row] = [(" ", "0")] * self.columns

    def text(self):
        """The rows without blanks at their ends, up to the last with something in it."""
        return "\n".join("".join(one for one, _ in row).rstrip() for row in self.cells).rstrip("\n")

    def styles(self, text):
        """The colours of the characters of a text where it was last drawn, on one row."""
        for row in reversed(self.cells):
            line = "".join(one or "\0" for one, _ in row)
            if text in line:
                at = line.rindex(text)
                return [style for _, style in row[at:at + len(text)]]
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text()}")
