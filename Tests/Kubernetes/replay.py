#!/usr/bin/env python3
"""Sends what a real API server was asked to a batond, and compares the answers.

    replay.py [--report FILE] FOLDER

FOLDER has recordings (see recording.py). Each file is replayed against a fresh daemon, in order. Answers are
compared field by field, but for what can't be the same twice: uids, times, versions. What was
made or changed between the recorded requests is made here, too, as their answers show it (setup.py).

A difference that differences.yaml explains is known; any other is a fault of one of the two. Each is printed with
its place, and a table by verb; --report writes a table of every request, as Markdown.
"""

import argparse
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

import yaml  # noqa: E402

import recording  # noqa: E402
import setup  # noqa: E402
from support import BATOND, Daemon, environment  # noqa: E402

REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
GROUPS = ("coordination.k8s.io", "authorization.k8s.io", "authentication.k8s.io")
# Of one server at one time.
UNSTABLE = {
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "continue",
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

    def __init__(self, folder, exchanges):
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
        self.setup = setup.Setup(
            exchanges, lambda *asked: self.send(*asked, agent=agent(exchanges[0])), self.remember)

    def close(self):
        self.daemon.kill()

    def renamed(self, text):
        for recorded, ours in self.names.items():
            if recorded.isdigit():
                text = re.sub(
                    r'(resourceVersion"?(?:,\s*"value")?[=:] ?"?)%s\b' % recorded, lambda found: found.group(1) + ours, text)
            else:
                text = text.replace(recorded, ours)
        return text

    def knows(self, version):
        """Whether an answer gave that version, here called otherwise; versions of old aren't given by any."""
        return version is None or version in self.names or version in ("0", "1")

    def send(self, method, target, body=None, headers=None, agent=None):
        """The answer of this daemon: status, header fields, and the body unless it may never end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=10)
        try:
            fields = {"Authorization": "Bearer " + self.secret, "User-Agent": agent, **(headers or {})}
            fields = {name: value for name, value in fields.items() if value is not None}
            connection.request(method, target, body or None, fields)
            answer = connection.getresponse()
            ends = "watch=" not in target or answer.status != 200
            return answer.status, answer.headers, answer.read() if ends else b""
        finally:
            connection.close()

    def authorization(self, exchange):
        given = exchange.headers.get("authorization")
        if given is None:
            given = "Bearer wrong" if "--token=wrong" in exchange.title else "Bearer " + self.secret
        return None if given == "(none)" else given

    def ask(self, exchange):
        body = exchange.sent()
        if body is not None and b"\0" not in body:
            body = self.renamed(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        headers = {"User-Agent": agent(exchange)}
        for name in ("accept", "content-type"):
            if name in exchange.headers:
                headers[name] = exchange.headers[name]
        headers["Authorization"] = self.authorization(exchange)
        path = exchange.target.split("?")[0]
        if exchange.status == 304:
            headers["If-None-Match"] = self.tags[path]
        status, fields, raw = self.send(exchange.method, self.renamed(exchange.target), body, headers)
        self.tags[path] = fields.get("ETag") or ""
        return status, fields.get("Content-Type") or "", raw

    def differences(self, exchange):
        """Where the answers differ: pairs of a place and what is there."""
        self.setup.before(exchange)
        status, media, raw = self.ask(exchange)
        theirs = exchange.json()
        if status != exchange.status:
            return [("status", "%d in the place of %d%s" % (status, exchange.status, reason(raw)))]
        found = []
        recorded = exchange.answer_headers.get("content-type")
        if recorded is not None and media != recorded:
            found.append(("Content-Type", "%s in the place of %s" % (media, recorded)))
        if theirs is None or not raw or "protobuf" in media:
            self.setup.after(exchange)
            return found
        try:
            ours = json.loads(raw)
        except ValueError:
            return found + [("body", "no JSON: %r" % raw[:80])]
        found += self.compare(theirs, ours, "")
        self.setup.after(exchange)
        return found

    def compare(self, theirs, ours, path):
        if isinstance(theirs, dict) and isinstance(ours, dict):
            return self.objects(theirs, ours, path)
        if isinstance(theirs, list) and isinstance(ours, list):
            return self.lists(theirs, ours, path)
        theirs, ours = self.plain(theirs, path), self.plain(ours, path)
        if theirs == ours:
            return []
        return [(path or "body", "%s in the place of %s" % contrast(ours, theirs))]

    def objects(self, theirs, ours, path):
        found = []
        for name in sorted(set(theirs) | set(ours)):
            here = "%s.%s" % (path, name) if path else name
            if name in UNSTABLE:
                self.remember(theirs.get(name), ours.get(name))
            elif name not in ours:
                found.append((here, "missing; it was %s" % brief(theirs[name])))
            elif name not in theirs:
                found.append((here, "there: %s" % brief(ours[name])))
            elif name == "name" and "generateName" in ours:
                self.remember(theirs[name], ours[name])
            else:
                found += self.compare(theirs[name], ours[name], here)
        return found

    def remember(self, theirs, ours):
        if isinstance(theirs, str) and isinstance(ours, str) and theirs and theirs != ours:
            # A name may be made again, and is another one then.
            self.names[theirs] = ours

    def plain(self, value, path):
        """Without what depends on the moment."""
        if not isinstance(value, str):
            return value
        if ".cells[" in path and re.fullmatch(r"(\d+[ywdhms])+|<unknown>", value):
            return "<age>"
        # In texts: names that were made up, and versions of objects that are shown.
        value = re.sub(r"Bad_[a-z0-9]{5}", "Bad_", value)
        value = re.sub(r'resourceVersion(\\*":\\*")\d+', r"resourceVersion\1N", value)
        value = re.sub(r'(time|Timestamp)(\\*":\\*")[-0-9T:]+Z', r"\1\2T", value)
        for recorded, ours in self.names.items():
            if not recorded.isdigit():
                value = value.replace(recorded, ours)
        return re.sub(r"current: \d+|ResourceVersion in [a-z]+ \(\d+\)|precondition \(\d+\)", "N", value)

    def lists(self, theirs, ours, path):
        if path.endswith("managedFields"):
            # Sorted by time, of which a replay takes less.
            theirs, ours = sorted(theirs, key=manager), sorted(ours, key=manager)
        key = CATALOGUES.get(path)
        if key and all(isinstance(item, dict) for item in theirs + ours) and theirs and lookup(theirs[0], key):
            known = {lookup(item, key): item for item in theirs}
            # What only Baton has is no difference, and what only a whole Kubernetes has neither.
            pairs = [(known[lookup(item, key)], item) for item in ours if lookup(item, key) in known]
            if path == "items" and len(pairs) < min(len(theirs), len(ours)):
                return [(path, "%d entries in the place of %d" % (len(ours), len(theirs)))]
        elif len(theirs) != len(ours):
            return [(path or "body", "%d entries in the place of %d" % (len(ours), len(theirs)))]
        else:
            pairs = list(zip(theirs, ours))
        found = []
        for index, (their, our) in enumerate(pairs):
            found += self.compare(their, our, "%s[%d]" % (path, index))
        return found


class Known:
    """Differences that are there on purpose, each for one kind of request and one field."""

    def __init__(self, path):
        with open(path) as file:
            self.rows = yaml.safe_load(file)
        for row in self.rows:
            if set(row) - {"says"} != {"request", "field", "why"}:
                raise ValueError("%s: a row needs request, field and why: %r" % (path, row))

    def why(self, exchange, field, text):
        request = exchange.method + " " + exchange.target
        for row in self.rows:
            if re.fullmatch(row["request"], request) and re.fullmatch(row["field"], field) and re.search(
                    row.get("says", ""), text):
                return row["why"]
        return None


def manager(entry):
    return entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", "")


def agent(exchange):
    return "curl/8" if exchange.file.startswith("http") else "kubectl"


def lookup(item, key):
    for part in key.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def brief(value):
    text = json.dumps(value)
    return text if len(text) <= 100 else text[:97] + "..."


def contrast(ours, theirs):
    """Of two long texts what is around the place where they part."""
    ours, theirs = json.dumps(ours), json.dumps(theirs)
    same = len(os.path.commonprefix([ours, theirs]))
    start = max(0, same - 40) if max(len(ours), len(theirs)) > 100 else 0
    return tuple(("..." if start else "") + text[start:start + 100] for text in (ours, theirs))


def reason(raw):
    try:
        return ": " + json.loads(raw)["message"]
    except (ValueError, KeyError, TypeError):
        return ""


Result = collections.namedtuple("Result", "exchange verb outcome reasons")


def replayed(folder):
    """One result for each request of the recordings."""
    known = Known(os.path.join(HERE, "differences.yaml"))
    for name, exchanges in recording.read(folder):
        place = tempfile.mkdtemp(prefix="baton-replay.")
        replay = Replay(place, exchanges)
        try:
            for exchange in exchanges:
                yield one(replay, exchange, known)
        finally:
            replay.close()
            shutil.rmtree(place, ignore_errors=True)


def one(replay, exchange, known):
    kind = verb(exchange)
    skipped = reason_to_skip(replay, exchange, kind)
    if skipped:
        return Result(exchange, kind or "(not of Baton)", "skipped", [skipped])
    try:
        found = replay.differences(exchange)
    except OSError as error:
        found = [("answer", "none: %s" % error)]
    unexplained = ["%s: %s" % place for place in found if not known.why(exchange, *place)]
    if unexplained:
        return Result(exchange, kind, "differs", unexplained)
    reasons = sorted({known.why(exchange, *place) for place in found})
    return Result(exchange, kind, "known" if found else "agrees", reasons)


def reason_to_skip(replay, exchange, kind):
    if kind is None:
        return "no resource of Baton's"
    if exchange.sent() is None:
        return "the recording doesn't have the whole body that was sent"
    if exchange.status == 304 and exchange.target.split("?")[0] not in replay.tags:
        return "the client had the answer from another recording"
    if exchange.status != 504 and not replay.knows(setup.version_asked(exchange.target)):
        return "it asks for a version that no recorded answer gave"
    if "impersonate-user" in exchange.headers or "alice" in exchange.title:
        return "an identity that only the real server had"
    return None


OUTCOMES = ("agrees", "known", "differs", "skipped")


def table(results):
    """By verb, as rows of cells."""
    counts = collections.defaultdict(collections.Counter)
    for result in results:
        counts[result.verb][result.outcome] += 1
        counts["all"][result.outcome] += 1
    verbs = sorted(counts, key=lambda name: (name == "all", name))
    return [("verb",) + OUTCOMES] + [
        (name,) + tuple(str(counts[name][outcome]) for outcome in OUTCOMES) for name in verbs]


def reasons(results, outcome):
    """How many requests have each reason."""
    counts = collections.Counter(reason for result in results if result.outcome == outcome for reason in result.reasons)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def markdown(results):
    def row(*cells):
        return "| %s |" % " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)

    def rule(count):
        return "|" + "---|" * count

    lines = ["# Requests to a real API server, replayed", ""]
    head, *rows = table(results)
    lines += [row(*head), rule(len(head))] + [row(*cells) for cells in rows]
    for outcome, title in (("known", "Known differences"), ("skipped", "Skipped")):
        lines += ["", "## " + title, "", row("requests", "why"), rule(2)]
        lines += [row(count, why) for why, count in reasons(results, outcome)]
    lines += ["", "## Every request", "", row("place", "request", "outcome", "why"), rule(4)]
    for result in results:
        asked = result.exchange
        request = asked.method + " " + asked.target
        request = request if len(request) <= 160 else request[:157] + "..."
        lines.append(row(asked.place, "`%s`" % request, result.outcome, "; ".join(result.reasons)[:500]))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--report", metavar="FILE", help="write a table of every request, as Markdown")
    parser.add_argument("folder", metavar="FOLDER", help="has the recordings")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print("skipped: there is no folder %s with recordings" % options.folder)
        return
    results = []
    for result in replayed(options.folder):
        results.append(result)
        if result.outcome == "differs":
            asked = result.exchange
            print("%-16s %s %s\n    %s" % (
                result.verb, asked.method, asked.target[:150], asked.place + " " + asked.title[:100]))
            for why in result.reasons[:5]:
                print("    " + why)
    print()
    for cells in table(results):
        print("%-18s %7s %7s %8s %8s" % cells)
    if options.report:
        with open(options.report, "w") as file:
            file.write(markdown(results))


if __name__ == "__main__":
    main()
