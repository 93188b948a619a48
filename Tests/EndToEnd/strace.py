"""What a daemon asks of the kernel: seen, and made to fail, with strace."""

import glob
import re
import shutil
import signal
import subprocess

from support import until


def why_not():
    """Why strace can't be used here; None if it can."""
    if shutil.which("strace") is None:
        return "strace isn't installed"
    run = subprocess.run(["strace", "-o", "/dev/null", "true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return None if run.returncode == 0 else "ptrace isn't permitted here: %s" % run.stderr.strip()


CALLS = "fdatasync,fsync,write,pwrite64,sendto,sendmsg,writev,recvfrom"


def wrapper(prefix):
    """Before a command: its calls go to a file for each thread. -D: the process is ours, not strace's."""
    return ["strace", "-D", "-ff", "-ttt", "-T", "-y", "-s", "16384", "-e", "trace=" + CALLS, "-o", prefix]


class Call:
    LINE = re.compile(r"^(\d+\.\d+) (\w+)\((\d+)<([^>]*)>(.*)\) += (-?\d+).*<(\d+\.\d+)>$")

    def __init__(self, match):
        self.begin = float(match.group(1))
        self.name = match.group(2)
        self.file = match.group(4)
        self.text = match.group(5)
        self.result = int(match.group(6))
        self.end = self.begin + float(match.group(7))

    @property
    def is_flush(self):
        return self.name in ("fdatasync", "fsync") and self.file.endswith("-wal") and self.result == 0

    @property
    def is_wal_write(self):
        return self.name == "pwrite64" and self.file.endswith("-wal") and self.result > 0

    @property
    def is_send(self):
        return self.name in ("sendto", "sendmsg", "write", "writev") and self.file.startswith(("socket:", "TCP:"))


def calls(prefix):
    """All that finished, by their beginning."""
    found = []
    for path in glob.glob(prefix + ".*"):
        with open(path, errors="replace") as file:
            found += [Call(match) for match in map(Call.LINE.match, file) if match]
    return sorted(found, key=lambda call: call.begin)


class Tampering:
    """`with Tampering(daemon, "fdatasync:error=EIO"):` makes the running daemon's calls fail."""

    def __init__(self, daemon, inject):
        self.daemon, self.inject = daemon, inject

    def __enter__(self):
        call = self.inject.split(":")[0]
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + self.inject, "-p",
             str(self.daemon.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.is_attached, "strace watches every thread of batond")
        return self

    def is_attached(self):
        for path in glob.glob("/proc/%d/task/*/status" % self.daemon.pid):
            try:
                with open(path) as file:
                    if "TracerPid:\t0\n" in file.read():
                        return False
            except FileNotFoundError:
                continue
        return True

    def __exit__(self, *exception):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
