#!/usr/bin/env python3
"""Sends what a real API server was asked to a batond, and compares the answers: replay.py FOLDER

FOLDER has recordings (see recording.py). Each file is replayed against a fresh daemon, in order. Answers are
compared field by field, but for what can't be the same twice: uids, times, versions, managed fields. The end is
a table by verb, so that progress can be seen.
"""

import collections
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "EndToEnd"))

import recording  # noqa: E402
from support import BATOND, Daemon, environment  # noqa: E402

REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
GROUPS = ("coordination.k8s.io", "authorization.k8s.io", "authentication.k8s.io")
# Of one server at one time.
UNSTABLE = {
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "managedFields", "continue",
    "lastTransitionTime",
    # Of one build.
    "storageVersionHash", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform",
    "emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"}
# Lists of what there is: a real server has more. Entries are compared by these names.
CATALOGUES = {"groups": "name", "resources": "name", "versions": "groupVersion", "items": "metadata.name"}


def verb(exchange):
    """What is asked for; None for what is no part of Baton."""
    split = urllib.parse.urlsplit(exchange.target)
    parts = [part for part in split.path.split("/") if part]
    query = urllib.parse.parse_qs(split.query, keep_blank_values=True)
    if not parts or parts[0] not in ("api", "apis", "openapi", "version"):
        return None
    if parts[0] in ("openapi", "version") or len(parts) == 1:
        return "discovery"
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    if parts[0] == "apis" and parts[1] not in GROUPS and exchange.status != 404:
        return None
    if not rest:
        return "discovery"
    if rest[0] in REVIEWS:
        return "review"
    if parts[0] == "api" and (rest[0] != "namespaces" or len(rest) > 2):
        return None
    is_collection = len(rest) % 2 == 1
    if exchange.method == "GET" and query.get("watch", ["false"])[0] not in ("false", "0"):
        return "watch"
    by_method = {
        "GET": "list" if is_collection else "get", "POST": "create", "PUT": "update", "PATCH": "patch",
        "DELETE": "deletecollection" if is_collection else "delete"}
    return by_method.get(exchange.method, "other methods")


class Replay:
    """One file against one daemon. What the recording calls X is remembered as what this daemon calls it."""

    def __init__(self, folder):
        made = subprocess.run(
            [BATOND, "token", "create", "--identity", "admin", "--role", "admin", "--namespace", "*"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True, env=environment())
        self.secret, line = made.stdout.splitlines()
        tokens = os.path.join(folder, "tokens")
        with open(tokens, "w") as file:
            file.write(line + "\n")
        self.daemon = Daemon(folder, {"auth.tokensFile": tokens}).start()
        self.names = {}
        self.tags = {}

    def close(self):
        self.daemon.kill()

    def renamed(self, text):
        for recorded, ours in self.names.items():
            if recorded.isdigit():
                text = re.sub(
                    r'(resourceVersion"?[=:] ?"?)%s\b' % recorded, lambda found: found.group(1) + ours, text)
            else:
                text = text.replace(recorded, ours)
        return text

    def authorization(self, exchange):
        given = exchange.headers.get("authorization")
        if given is None:
            given = "Bearer wrong" if "--token=wrong" in exchange.title else "Bearer " + self.secret
        return {} if given == "(none)" else {"Authorization": given}

    def ask(self, exchange):
        body = exchange.sent()
        if body is not None and b"\0" not in body:
            body = self.renamed(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        headers = {"User-Agent": "curl/8" if exchange.file.startswith("http") else "kubectl"}
        for name in ("accept", "content-type"):
            if name in exchange.headers:
                headers[name] = exchange.headers[name]
        headers.update(self.authorization(exchange))
        path = exchange.target.split("?")[0]
        if exchange.status == 304:
            headers["If-None-Match"] = self.tags[path]
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=10)
        try:
            connection.request(exchange.method, self.renamed(exchange.target), body or None, headers)
            answer = connection.getresponse()
            self.tags[path] = answer.getheader("ETag") or ""
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        finally:
            connection.close()

    def difference(self, exchange):
        """Why the answers differ; None if they don't."""
        status, media, raw = self.ask(exchange)
        if status != exchange.status:
            return "%d in the place of %d%s" % (status, exchange.status, reason(raw))
        recorded = exchange.answer_headers.get("content-type")
        if recorded is not None and media != recorded:
            return "Content-Type %s in the place of %s" % (media, recorded)
        theirs = exchange.json()
        if theirs is None:
            return None
        try:
            ours = json.loads(raw)
        except ValueError:
            return "no JSON: %r" % raw[:80]
        return self.compare(theirs, ours, "")

    def compare(self, theirs, ours, path):
        if isinstance(theirs, dict) and isinstance(ours, dict):
            return self.objects(theirs, ours, path)
        if isinstance(theirs, list) and isinstance(ours, list):
            return self.lists(theirs, ours, path)
        if plain(theirs, path) != plain(ours, path):
            return "%s is %s in the place of %s" % (path or "the body", brief(ours), brief(theirs))
        return None

    def objects(self, theirs, ours, path):
        for name in sorted(set(theirs) | set(ours)):
            here = "%s.%s" % (path, name) if path else name
            if name in UNSTABLE:
                self.remember(theirs.get(name), ours.get(name))
            elif name not in ours:
                return "%s is missing" % here
            elif name not in theirs:
                return "%s is there" % here
            else:
                found = self.compare(theirs[name], ours[name], here)
                if found:
                    return found
        return None

    def remember(self, theirs, ours):
        if isinstance(theirs, str) and isinstance(ours, str) and theirs:
            self.names.setdefault(theirs, ours)

    def lists(self, theirs, ours, path):
        key = CATALOGUES.get(path)
        if key and all(isinstance(item, dict) for item in theirs + ours) and theirs and lookup(theirs[0], key):
            known = {lookup(item, key): item for item in theirs}
            # What only Baton has is no difference, and what only a whole Kubernetes has neither.
            pairs = [(known[lookup(item, key)], item) for item in ours if lookup(item, key) in known]
            if path == "items" and len(pairs) < min(len(theirs), len(ours)):
                return "%s has %d entries in the place of %d" % (path, len(ours), len(theirs))
        elif len(theirs) != len(ours):
            return "%s has %d entries in the place of %d" % (path or "the body", len(ours), len(theirs))
        else:
            pairs = list(zip(theirs, ours))
        for index, (their, our) in enumerate(pairs):
            found = self.compare(their, our, "%s[%d]" % (path, index))
            if found:
                return found
        return None


def lookup(item, key):
    for part in key.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def plain(value, path):
    """Without what depends on the moment."""
    if isinstance(value, str):
        if ".cells[" in path and re.fullmatch(r"(\d+[ywdhms])+|<unknown>", value):
            return "<age>"
        return re.sub(r"current: \d+", "current: N", value)
    return value


def brief(value):
    text = json.dumps(value)
    return text if len(text) <= 100 else text[:97] + "..."


def reason(raw):
    try:
        return ": " + json.loads(raw)["message"]
    except (ValueError, KeyError, TypeError):
        return ""


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.path.isdir(sys.argv[1]):
        print("skipped: there is no folder %s with recordings" % sys.argv[1])
        return
    counts = collections.defaultdict(collections.Counter)
    for name, exchanges in recording.read(sys.argv[1]):
        folder = tempfile.mkdtemp(prefix="baton-replay.")
        replay = Replay(folder)
        try:
            for exchange in exchanges:
                one(replay, exchange, counts)
        finally:
            replay.close()
            shutil.rmtree(folder, ignore_errors=True)
    table(counts)


def one(replay, exchange, counts):
    kind = verb(exchange)
    if kind is None:
        counts["(not of Baton)"]["skipped"] += 1
        return
    # A client that had the answer from another recording; identities that only the real server had.
    is_foreign = exchange.status == 304 and exchange.target.split("?")[0] not in replay.tags
    if exchange.sent() is None or is_foreign or "impersonate-user" in exchange.headers or "alice" in exchange.title:
        counts[kind]["skipped"] += 1
        return
    try:
        found = replay.difference(exchange)
    except OSError as error:
        found = "no answer: %s" % error
    counts[kind]["differ" if found else "agree"] += 1
    if found:
        print("%-16s %s %s\n    %s\n    %s" % (
            kind, exchange.method, exchange.target[:150], exchange.place + " " + exchange.title[:100], found))


def table(counts):
    print("\n%-18s %7s %7s %8s" % ("verb", "agree", "differ", "skipped"))
    total = collections.Counter()
    for kind in sorted(counts):
        total.update(counts[kind])
        print("%-18s %7d %7d %8d" % (kind, *(counts[kind][word] for word in ("agree", "differ", "skipped"))))
    print("%-18s %7d %7d %8d" % ("all", *(total[word] for word in ("agree", "differ", "skipped"))))


if __name__ == "__main__":
    main()
