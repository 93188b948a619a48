#!/usr/bin/env python3
"""Runs the end-to-end tests: python3 -u Tests/EndToEnd/run.py [words of test names …]

Each file is a process of its own. Files run side by side; those whose subject is load or
time (EXCLUSIVE = True) run alone. The programs are taken from .build/release, or from
$BATON_PROGRAMS. The last line is `N passed, M failed`.
"""

import concurrent.futures
import glob
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
SIDE_BY_SIDE = 4
# A file that takes longer hangs. See support.TIME_SCALE.
FILE_TIME = 280 * float(os.environ.get("BATON_TIME_SCALE", "1"))


class Recorder(unittest.TestResult):
    """One line of JSON for each test."""

    def __init__(self):
        super().__init__()
        self.problems = []
        self.skipped_because = None

    def startTest(self, test):
        super().startTest(test)
        self.problems, self.skipped_because = [], None
        self.started = time.monotonic()

    def addError(self, test, error):
        self.problems.append(trace(error))
        if not isinstance(test, unittest.TestCase):
            emit({"name": str(test), "seconds": 0, "problems": self.problems})
        elif not hasattr(self, "started"):
            self.stopTest(test)

    addFailure = addError

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.problems.append("%s\n%s" % (subtest, trace(error)))

    def addSkip(self, test, reason):
        self.skipped_because = reason

    def stopTest(self, test):
        super().stopTest(test)
        emit({
            "name": sentence(test), "seconds": time.monotonic() - self.started, "problems": self.problems,
            "evidence": getattr(test, "evidence", "") if self.problems else "",
            "skipped": self.skipped_because})


def emit(record):
    print("\x1e" + json.dumps(record), flush=True)


def trace(error):
    """The lines of the tests' own that led to it, and what it says."""
    kind, value, frames = error
    own = [frame for frame in traceback.extract_tb(frames) if frame.filename.startswith(HERE)]
    lines = ["%s:%d  %s" % (os.path.basename(frame.filename), frame.lineno, frame.line) for frame in own]
    return "\n".join(lines + traceback.format_exception_only(kind, value))


def sentence(test):
    return test._testMethodName[len("test_"):].replace("_", " ")


def tests_in(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def run_file(module, words):
    """In the child: the tests of one file."""
    loader = unittest.TestLoader()
    suite = unittest.TestSuite(
        test for test in tests_in(loader.loadTestsFromModule(importlib.import_module(module)))
        if matches(module, test, words))
    suite.run(Recorder())
    import contract
    emit({"seen": contract.seen()})


def matches(module, test, words):
    names = [module, test._testMethodName, getattr(test, "_testMethodName", "")]
    return not words or any(word.replace(" ", "_") in name for word in words for name in names)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.seen = set()
        self.lock = threading.Lock()

    def line(self, module, text):
        """A line from a child: a record, or a figure that a test prints."""
        if not text.startswith("\x1e"):
            with self.lock:
                print(text, flush=True)
            return
        record = json.loads(text[1:])
        with self.lock:
            if "seen" in record:
                self.seen.update(tuple(entry) for entry in record["seen"])
            else:
                self.count(module, record)

    def count(self, module, record):
        if record["problems"]:
            self.failed += 1
            word = "FAILED "
        elif record.get("skipped"):
            self.skipped += 1
            word = "skipped"
        else:
            self.passed += 1
            word = "ok     "
        print("%s %6.1f s  %s: %s" % (word, record["seconds"], module[len("test_"):], record["name"]), flush=True)
        if record.get("skipped"):
            print("      because %s" % record["skipped"], flush=True)
        for problem in record["problems"]:
            print("      " + problem.rstrip().replace("\n", "\n      "), flush=True)
        if record.get("evidence"):
            print("      " + record["evidence"].strip().replace("\n", "\n      "), flush=True)


def start_file(module, words, tally):
    """In the parent: one file as a process group of its own."""
    child = subprocess.Popen(
        [sys.executable, "-u", os.path.abspath(__file__), "--file", module] + words,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    hung = []

    def give_up():
        hung.append(True)
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(FILE_TIME, give_up)
    timer.start()
    try:
        for line in child.stdout:
            tally.line(module, line.rstrip("\n"))
        code = child.wait()
    finally:
        timer.cancel()
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if code != 0 or hung:
        reason = "hung for %d s" % FILE_TIME if hung else "ended with %d" % code
        tally.line(module, "\x1e" + json.dumps(
            {"name": "the file runs to its end", "seconds": 0, "problems": ["%s %s" % (module, reason)]}))


def promise(tally, started):
    """What the document says can be seen, and nobody saw."""
    import contract
    known = contract.contract()
    if known is None:
        problems = ["docs/api/openapi.yaml is missing"]
    else:
        excused = importlib.import_module("test_contract").CANNOT_BE_PROVOKED
        unseen = [
            "%s %s %d" % (method.upper(), template, status)
            for method, template, status in sorted(known.promised())
            if (method, template, status) not in tally.seen and (method, template, status) not in excused]
        problems = ["documented and never seen:\n" + "\n".join(unseen)] if unseen else []
    tally.line("test_contract", "\x1e" + json.dumps({
        "name": "every operation and status of the OpenAPI document was seen",
        "seconds": time.monotonic() - started, "problems": problems}))


def main(words):
    started = time.monotonic()
    # A shell's job in the background starts with SIGINT ignored, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    modules = sorted(
        os.path.basename(path)[:-len(".py")] for path in glob.glob(os.path.join(HERE, "test_*.py")))
    chosen = []
    for module in modules:
        loaded = importlib.import_module(module)
        tests = tests_in(unittest.TestLoader().loadTestsFromModule(loaded))
        if any(matches(module, test, words) for test in tests):
            chosen.append((getattr(loaded, "EXCLUSIVE", False), getattr(loaded, "SECONDS", 10), module))
    tally = Tally()
    # The longest first, so that the lanes end together.
    lanes = sorted((entry for entry in chosen if not entry[0]), key=lambda entry: -entry[1])
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for future in [pool.submit(start_file, module, words, tally) for _, _, module in lanes]:
            future.result()
    for _, _, module in (entry for entry in chosen if entry[0]):
        start_file(module, words, tally)
    if not words:
        promise(tally, started)
    print("%.0f s in all%s" % (
        time.monotonic() - started, ", %d skipped" % tally.skipped if tally.skipped else ""))
    print("%d passed, %d failed" % (tally.passed, tally.failed), flush=True)
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--file"]:
        run_file(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
