"""What the daemon tells: request ids, a line for each request, and the audit record."""

import itertools
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from support import BATOND, Story, Unreachable, environment, in_threads, until

SECONDS = 20
KILLS = 12
CLIENTS = 6


def entries(client, headers=None, **query):
    """The whole record, newest first, part by part."""
    found, more = [], ""
    fixed = "".join("&%s=%s" % pair for pair in query.items())
    while True:
        page = client.send("GET", "/v1/audit?limit=200%s%s" % (fixed, more), headers=headers)
        assert page.status == 200, page
        found += page["items"]
        if "before" not in page.body:
            return found
        more = "&before=%d" % page["before"]


def raw(daemon, data):
    """Says bytes, and hears all until the daemon closes."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as sock:
        sock.sendall(data)
        heard = b""
        while True:
            part = sock.recv(65536)
            if not part:
                return heard
            heard += part


class RequestIDs(Story):
    def test_an_answer_has_the_id_of_its_request_or_a_new_one(self):
        client = self.daemon().client()
        for given in ("a", "run-7:3.1_X", "x" * 128):
            answer = client.send("GET", "/v1/status", headers={"X-Request-Id": given})
            self.assertEqual(given, answer.headers["x-request-id"])
        seen = set()
        for given in (None, "", "two words", "x" * 129, "a\"b", "<script>", "é"):
            headers = {} if given is None else {"X-Request-Id": given.encode("utf-8")}
            answer = client.send("GET", "/v1/status", headers=headers)
            self.assertEqual(200, answer.status)
            self.assertRegex(answer.headers["x-request-id"], r"^[0-9a-z]{8}-[0-9a-z]+$")
            seen.add(answer.headers["x-request-id"])
        self.assertEqual(7, len(seen))
        client.daemon.restart()
        client.close()
        again = client.send("GET", "/v1/status").headers["x-request-id"]
        self.assertNotIn(again[:8], {each[:8] for each in seen})

    def test_refusals_of_the_wire_streams_and_polls_have_one(self):
        batond = self.daemon(http__headTime="300ms", http__headBytes=4096)
        for data, status in (
                (b"GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nHo", b"408"),
                (b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000 + b"\r\n\r\n", b"431"),
                (b"POST /v1/status HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", b"413"),
                (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", b"505")):
            heard = raw(batond, data)
            self.assertEqual(status, heard.split()[1], heard)
            known = re.search(rb"\r\nX-Request-Id: ([0-9a-z]{8}-[0-9a-z]+)\r\n", heard)
            self.assertTrue(known, heard)
            self.assertIn(b'"requestID":"%s"' % known.group(1), heard)
        # A body that is too long is refused with the id that its head gave.
        heard = raw(batond, b"POST /v1/status HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        self.assertIn(b"\r\nX-Request-Id: mine\r\n", heard)
        client = batond.client()
        client.elected("work", "anna")
        self.assertEqual(202, client.campaign("work", "bela", wait="50ms").status)
        client.campaign_stream("work", "carl").waiting()  # support.py looks for the header.
        self.assertTrue(client.send("OPTIONS", "/v1/status").headers["x-request-id"])
        self.assertTrue(client.send("HEAD", "/v1/status").headers["x-request-id"])


class Lines(Story):
    def lines(self, batond):
        return [line for line in batond.log().splitlines() if " request " in line]

    def test_each_request_has_a_line_when_all_are_asked_for(self):
        batond = self.daemon(log__requests="all")
        client = batond.client()
        client.send("GET", "/v1/status", headers={"X-Request-Id": "find-me"})
        line, = until(lambda: [line for line in self.lines(batond) if "find-me" in line], "the line is there")
        facts = dict(re.findall(r"(\w+)=(\S+)", line))
        self.assertEqual(("GET", "/v1/status", "200", "127.0.0.1", "-"), tuple(
            facts[name] for name in ("method", "path", "status", "peer", "identity")))
        self.assertLess(0, int(facts["bytes"]))
        self.assertRegex(facts["seconds"], r"^\d+\.\d{6}$")
        stream = client.campaign_stream("work", "anna")
        stream.last()
        gone = client.campaign_stream("work", "bela")
        gone.waiting()
        gone.reset()
        until(lambda: "status=gone" in batond.log(), "who went has a line")

    def test_what_others_send_stays_in_its_line_and_away_from_the_terminal(self):
        nasty = "/v1/%c2%9b31m/%e2%80%a8info:%20forged/%22%5c/%e2%80%ae"
        for form in ("text", "json"):
            batond = self.daemon(log__requests="all", log__format=form)
            batond.client().send("GET", nasty, documented=False)
            raw(batond, b"GET /%1b[31m\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n")
            until(lambda: batond.log().count("bytes") >= 3, "the requests have their lines")
            with open(batond.log_path, "rb") as file:
                text = file.read().decode("utf-8")
            for forbidden in "\x1b\x9b\u2028\u202e\r":
                self.assertNotIn(forbidden, text)
            self.assertNotIn("info: forged", [line[28:] for line in text.splitlines()])
            if form == "json":
                facts = [json.loads(line)["facts"] for line in text.split("\n") if line]
                self.assertIn("/v1/\x9b31m/\u2028info: forged/\"\\/\u202e", [each.get("path") for each in facts])

    def test_by_default_only_trouble_has_a_line(self):
        batond = self.daemon()
        client = batond.client()
        client.elected("work", "anna")
        client.renew("work", "bela", 1)
        client.campaign("work", "bela", wait="1500ms")
        answer = client.send("BREW", "/v1/status", documented=False)
        self.assertEqual(501, answer.status)
        line, = until(lambda: self.lines(batond), "trouble has a line")
        self.assertIn("requestID=" + answer.headers["x-request-id"], line)
        self.assertIn("warning", line)
        quiet = self.daemon(log__requests="none")
        quiet.client().send("BREW", "/v1/status", documented=False)
        self.assertEqual(0, quiet.stop())
        self.assertEqual([], self.lines(quiet))


class Record(Story):
    """With identities."""

    def setUp(self):
        super().setUp()
        self.file = self.path("tokens")
        self.secrets = {}
        with open(self.file, "w") as file:
            for who, role, namespace in (
                    ("ci-op", "runner", "*"), ("other", "runner", "*"), ("ops", "admin", "*"), ("rel", "admin", "release")):
                made = subprocess.run(
                    [BATOND, "token", "create", "--identity", who, "--role", role, "--namespace", namespace],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True, env=environment())
                self.secrets[who], line = made.stdout.splitlines()
                file.write(line + "\n")
        self.batond = self.daemon(auth__tokensFile=self.file, contender__queueMax=1)
        self.client = self.batond.client()

    def bearer(self, who):
        return {"Authorization": "Bearer " + self.secrets.get(who, "wrong")}

    def ask(self, who, method, rest, body=None, request=None):
        headers = self.bearer(who)
        if request:
            headers["X-Request-Id"] = request
        return self.client.send(method, rest if rest[0] == "/" else self.client.path(rest), body, headers)

    def record(self, who="ops", **query):
        return entries(self.client, self.bearer(who), **query)

    def elected(self, who, name, holder="anna", **fields):
        answer = self.ask(who, "POST", "leases/%s/campaign" % name, dict(holderIdentity=holder, **fields))
        self.assertEqual((200, "elected"), (answer.status, answer.outcome), answer)
        return answer["fencingToken"]

    def test_acts_are_there_with_who_did_them_as_soon_as_they_are_answered(self):
        token = self.elected("ci-op", "work")
        self.ask("ops", "POST", "leases/work/revoke", {"fencingToken": token, "reason": "hangs"}, "act-1")
        made = self.ask("other", "PUT", "markers/made", {"holderIdentity": "maria"}, "act-2")
        revision = made["marker"]["revision"]
        self.ask("ops", "DELETE", "markers/made?revision=%d" % revision, None, "act-3")
        unmark, mark, revoke, start = self.record()
        self.assertEqual("start", start["verb"])
        self.assertRegex(start["details"]["configuration"], "^sha256:[0-9a-f]{64}$")
        self.assertTrue(start["details"]["version"])
        for entry, verb, who, request in (
                (revoke, "revoke", "ops", "act-1"), (mark, "mark", "other", "act-2"), (unmark, "unmark", "ops", "act-3")):
            self.assertEqual((verb, "done", who, request, "127.0.0.1", "ci"), tuple(
                entry[name] for name in ("verb", "outcome", "identity", "requestID", "address", "namespace")))
        self.assertEqual(("anna", token, "hangs", "ci-op"), (
            revoke["holderIdentity"], revoke["fencingToken"], revoke["reason"], revoke["details"]["principal"]))
        self.assertEqual(("maria", str(revision)), (unmark["holderIdentity"], unmark["details"]["revision"]))
        # The same after a kill, and for whoever has only the file.
        before = self.record()
        self.client.close()
        self.batond.restart()
        self.assertEqual(before, self.record()[1:])
        self.assertEqual(0, self.batond.stop())
        with sqlite3.connect(os.path.join(self.batond.data, "baton.db")) as database:
            rows = database.execute("SELECT verb, outcome FROM audit ORDER BY revision").fetchall()
        self.assertEqual([("start", "done"), ("revoke", "done"), ("mark", "done"), ("unmark", "done"),
                          ("start", "done"), ("stop", "done")], rows)

    def test_refusals_are_there_within_a_second_or_two_and_floods_are_folded(self):
        token = self.elected("ci-op", "work")
        claim = {"holderIdentity": "anna", "fencingToken": token}
        for _ in range(50):
            self.assertEqual(401, self.ask("stranger", "GET", "leases/work").status)
        self.assertEqual(403, self.ask("ci-op", "POST", "leases/work/revoke", {"fencingToken": token, "reason": "x"}).status)
        self.assertEqual(409, self.ask("other", "POST", "leases/work/renew", claim).status)
        self.assertEqual(202, self.ask("ci-op", "POST", "leases/work/campaign", {"holderIdentity": "bela"}).status)
        self.assertEqual(429, self.ask("ci-op", "POST", "leases/work/campaign", {"holderIdentity": "carl"}).status)
        self.assertEqual(200, self.ask("ci-op", "POST", "leases/work/resign", claim).status)
        self.assertEqual(409, self.ask("ci-op", "POST", "leases/work/complete", claim).status)
        self.assertEqual(404, self.ask("ops", "DELETE", "markers/never?revision=7").status)
        expected = {
            ("read", "unauthenticated", None), ("revoke", "forbidden", "ci-op"), ("renew", "not-the-holder", "other"),
            ("campaign", "too-many", "ci-op"), ("complete", "hold-ended", "ci-op"), ("unmark", "not-found", "ops")}
        def found():
            refused = [entry for entry in self.record() if entry["outcome"] == "refused"]
            return refused if len(refused) >= len(expected) else None
        refused = until(found, "the refusals are recorded")
        self.assertEqual(expected, {(e["verb"], e["reason"], e.get("identity")) for e in refused})
        stale, = [entry for entry in refused if entry["reason"] == "hold-ended"]
        self.assertEqual((token, "anna", "ci", "work"), (
            stale["fencingToken"], stale["holderIdentity"], stale["namespace"], stale["name"]))
        # What was folded is written when the daemon stops, if its minute isn't over.
        self.client.close()
        self.assertEqual(0, self.batond.stop())
        self.batond.start()
        folded = [e["count"] for e in self.record() if e.get("reason") == "unauthenticated"]
        self.assertEqual([49, 1], folded)

    def test_who_may_read_it_and_what_they_see(self):
        for namespace in ("ci", "release"):
            self.client.namespace = namespace
            token = self.elected("ci-op", "work")
            self.ask("ops", "POST", "leases/work/revoke", {"fencingToken": token, "reason": "in " + namespace})
        self.assertProblem(self.ask("stranger", "GET", "/v1/audit"), 401, "unauthenticated")
        answer = self.ask("ci-op", "GET", "/v1/audit")
        self.assertProblem(answer, 403, "forbidden")
        self.assertEqual("admin", answer["neededRole"])
        self.assertEqual(["in release"], [entry["reason"] for entry in self.record("rel")])
        self.assertEqual([], self.record("rel", namespace="ci"))
        self.assertEqual(["in ci"], [e["reason"] for e in self.record(namespace="ci", verb="revoke", identity="ops", since="1h")])
        self.assertEqual([], self.record(until="1h"))
        self.assertEqual([], self.record(since="2999-01-01T00:00:00Z"))
        self.assertEqual(1, len(self.ask("ops", "GET", "/v1/audit?limit=1")["items"]))
        for query, field in (("verb=fly", "verb"), ("since=soon", "since"), ("limit=0", "limit"), ("x=1", "x")):
            answer = self.ask("ops", "GET", "/v1/audit?" + query)
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual(field, answer["field"])

    def test_a_reload_is_there_with_what_it_changed_also_one_that_failed(self):
        with open(self.file) as file:
            lines = [line for line in file if "identity=other" not in line]
        with open(self.file, "w") as file:
            file.writelines(lines)
        self.batond.process.send_signal(signal.SIGHUP)
        reload, = until(lambda: self.record(verb="reload"), "the reload is recorded")
        self.assertEqual(("done", "1 (other)"), (reload["outcome"], reload["details"]["removed"]))
        with open(self.file, "a") as file:
            file.write("nonsense\n")
        self.batond.process.send_signal(signal.SIGHUP)
        failed = until(lambda: self.record(verb="reload")[:-1], "the failed one is recorded")[0]
        self.assertEqual("failed", failed["outcome"])
        self.assertIn("tokens:4", failed["reason"])

    def test_baton_shows_it_and_says_the_id_of_what_failed(self):
        token = self.elected("ci-op", "work")
        env = {"BATON_TOKEN": self.secrets["ops"]}
        self.assertEqual(0, self.baton(
            self.batond, "revoke", "work", "--token", token, "--reason", "the runner is stuck", env=env).wait())
        table = self.baton(self.batond, "audit", "-n", "ci", "--since", "1h", env=env)
        self.assertEqual(0, table.wait(), table.err)
        head, row = table.out.splitlines()
        self.assertEqual(["TIME", "WHO", "VERB", "OUTCOME"], head.split()[:4])
        self.assertRegex(row, r"^\S+Z +ops +revoke +done +ci +work +1 +the runner is stuck$")
        wide = self.baton(self.batond, "audit", "-n", "ci", "-o", "wide", env=env)
        wide.wait()
        self.assertRegex(wide.out, r"[0-9a-f]{16}-1 +127\.0\.0\.1 +anna +%d +principal=ci-op" % token)
        as_json = self.baton(self.batond, "audit", "-o", "json", env=env)
        as_json.wait()
        self.assertEqual(["revoke", "start"], [entry["verb"] for entry in json.loads(as_json.out)["items"]])
        refused = self.baton(self.batond, "audit", env={"BATON_TOKEN": self.secrets["ci-op"]})
        self.assertEqual(69, refused.wait())
        self.assertRegex(refused.err, r"\(request [0-9a-f]{16}-1\)")
        outcome = self.path("outcome")
        run = self.baton(self.batond, "run", "deploy", "--outcome-file", outcome, "--", "true", env={"BATON_TOKEN": "wrong"})
        self.assertNotEqual(0, run.wait())
        with open(outcome) as file:
            self.assertIn("(request %s)" % json.load(file)["requestID"], run.err)


class Restored(Story):
    def test_a_restore_has_an_entry_at_the_first_start_after_it_and_at_no_other(self):
        daemon = self.daemon()
        client = daemon.client()
        client.send("PUT", client.path("markers/made"), {"holderIdentity": "anna"})
        copy = self.path("copy.db")

        def batond(*arguments):
            subprocess.run([BATOND] + list(arguments), check=True, env=environment(), stdout=subprocess.DEVNULL)
        batond("backup", "--data", daemon.data, copy)
        client.send("PUT", client.path("markers/later"), {"holderIdentity": "anna"})
        self.assertEqual(0, daemon.stop())
        batond("restore", "--data", daemon.data, copy)
        verbs = ["start", "restore", "mark", "start"]
        for _ in range(2):
            daemon.start()
            found = entries(daemon.client())
            self.assertEqual(verbs, [entry["verb"] for entry in found])
            self.assertGreater(found[-4]["revision"], 2 ** 40)
            verbs = ["start"] + verbs
            daemon.kill()


class Refused(Story):
    def test_a_daemon_that_cannot_listen_has_not_started(self):
        first = self.daemon()
        other = self.daemon(start=False)
        other.port = first.port
        other.start(ready=False)
        self.assertEqual(1, other.process.wait(60), other.log())
        with sqlite3.connect(os.path.join(other.data, "baton.db")) as database:
            self.assertEqual([], database.execute("SELECT verb FROM audit").fetchall())


class Operator:
    """Acts under load, and asks again when it gets no answer. It notes what it was told."""

    def __init__(self, daemon, number, stop):
        self.client = daemon.client(namespace="load", timeout=10)
        self.number = number
        self.stop = stop
        self.asked = {}         # act → ids of its attempts
        self.answered = set()   # acts
        self.ids = itertools.count()

    def act(self, act, method, rest, body=None):
        """(verb, name, number) → its answer, however often it takes; None if the test is over."""
        while True:
            request = "op-%d-%d" % (self.number, next(self.ids))
            self.asked.setdefault(act, set()).add(request)
            try:
                answer = self.client.send(method, self.client.path(rest), body, {"X-Request-Id": request})
                if answer.status != 503:
                    self.answered.add(act)
                    return answer
            except Unreachable:
                pass
            if self.stop.is_set():
                return None
            time.sleep(0.02)

    def campaign(self, name):
        while not self.stop.is_set():
            try:
                answer = self.client.campaign(name, "anna", campaignID="c", marker="none", leaseDuration="60s")
                if answer.status == 200:
                    return answer["fencingToken"]
            except Unreachable:
                pass
            time.sleep(0.02)

    def run(self):
        for step in itertools.count():
            if self.stop.is_set():
                return
            lock, name = "lock-%d" % self.number, "mark-%d-%d" % (self.number, step)
            token = self.campaign(lock)
            if token is None:
                return
            self.act(("revoke", lock, token), "POST", "leases/%s/revoke" % lock, {"fencingToken": token, "reason": "x"})
            answer = self.act(("mark", name, None), "PUT", "markers/" + name, {"holderIdentity": "anna"})
            if answer is None or step % 2:
                continue
            assert answer.status in (200, 201), answer
            revision = answer["marker"]["revision"]
            answer = self.act(("unmark", name, None), "DELETE", "markers/%s?revision=%d" % (name, revision))
            # 404: an attempt that wasn't answered did it.
            assert answer is None or answer.status in (200, 404), answer


class Crashes(Story):
    def test_under_SIGKILLs_no_act_is_without_its_entry_and_no_entry_without_its_act(self):
        daemon = self.daemon()
        stop = threading.Event()
        operators = [Operator(daemon, number, stop) for number in range(CLIENTS)]

        def work(index):
            if index < CLIENTS:
                return operators[index].run()
            try:
                for _ in range(KILLS):
                    before = sum(len(each.answered) for each in operators)
                    until(lambda: sum(len(each.answered) for each in operators) > before + 5 * CLIENTS, "the load goes on")
                    daemon.kill()
                    daemon.start()
            finally:
                stop.set()
        in_threads(CLIENTS + 1, work)
        self.judge(daemon, operators)
        daemon.restart()
        self.judge(daemon, operators)

    def judge(self, daemon, operators):
        client = daemon.client(namespace="load")
        recorded = {}
        for entry in entries(client, namespace="load", since="1h"):
            if entry["outcome"] == "done":
                act = (entry["verb"], entry["name"], entry.get("fencingToken") if entry["verb"] == "revoke" else None)
                self.assertNotIn(act, recorded, "one act, two entries")
                recorded[act] = entry["requestID"]
        asked = {act: ids for each in operators for act, ids in each.asked.items()}
        answered = {act for each in operators for act in each.answered}
        self.assertEqual(set(), answered - set(recorded), "an acknowledged act has no entry")
        self.assertEqual(set(), set(recorded) - set(asked), "an entry without an act")
        for act, request in recorded.items():
            self.assertIn(request, asked[act])
        # What really happened: the history's revocations, and the markers that are there.
        revoked = {("revoke", "lock-%d" % number, hold["fencingToken"])
                   for number in range(CLIENTS) for hold in client.send(
                       "GET", client.path("leases/lock-%d/history?limit=1000" % number))["items"] if hold.get("end") == "revoked"}
        self.assertEqual(revoked, {act for act in recorded if act[0] == "revoke"})
        there, more = set(), ""
        while True:
            page = client.send("GET", client.path("markers?limit=1000" + more)).body
            there |= {marker["name"] for marker in page["items"]}
            if "continue" not in page:
                break
            more = "&continue=" + page["continue"]
        marks, unmarks = ({act[1] for act in recorded if act[0] == verb} for verb in ("mark", "unmark"))
        self.assertEqual(marks - unmarks, there)
        self.note("%d acts recorded, %d answered, %d asked again, %d kills" % (
            len(recorded), len(answered), sum(len(ids) > 1 for ids in asked.values()), KILLS))
