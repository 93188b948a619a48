"""Calls that are wrong, as a hurried engineer or an unset variable makes them: what the command says, and its exit code.

Whatever it is, the call ends by itself, names the value and what is allowed, and runs and changes nothing. What is wrong
in requests is in test_bad_input.py, what is wrong with files in test_artifacts.py.
"""

import os
import time

from support import Story

SECONDS = 60
DIGEST = "sha256:" + "ab" * 32


class BadCalls(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def call(self, *arguments, code=0, env=None):
        run = self.baton(self.batond, *arguments, env=env)
        self.assertEqual(code, run.wait(30), "%r: %s%s" % (arguments, run.out, run.err))
        return run

    def put(self, *names, **fields):
        for name in names:
            answer = self.client.send("PUT", self.client.path("markers/" + name), dict(fields, holderIdentity="anna"))
            self.assertEqual(201, answer.status, answer)

    def state(self):
        get = lambda path: self.client.send("GET", self.client.path(path)).body["items"]
        return [(lease["name"], lease["held"]) for lease in get("leases")], get("markers"), get("aliases"), get("history")

    def refused(self, *rows, code=64):
        """Each row is a call and the words that it has to say."""
        before = self.state()
        for call, *words in rows:
            arguments = call.split() if isinstance(call, str) else call
            with self.subTest(call=" ".join(arguments)[:120]):
                run = self.call(*arguments, code=code)
                for word in words:
                    self.assertIn(word, " ".join(run.err.split()))
                self.assertEqual("", run.out)
        self.assertEqual(before, self.state())

    def runs(self, name, *rows, code=64):
        """Rows of flags for a run that must not begin."""
        ran = self.path("ran")
        self.refused(*[(["run", name, *(flags.split() if isinstance(flags, str) else flags), "--", "touch", ran], *words)
                       for flags, *words in rows], code=code)
        self.assertFalse(os.path.exists(ran))

    def test_permits_and_modes(self):
        self.runs(
            "p",
            ("--permits 0", "--permits 0 is out of range: 1 to 10000"), ("--permits -1", "--permits -1 is out of range"),
            ("--permits 10001", "1 to 10000"), ("--permits 1.5", "'1.5'", "a whole number is expected"),
            ("--permits 99999999999999999999", "a whole number"), (["--permits", ""], "a whole number"),
            ("--permits --shared", "'--shared' is invalid for '--permits"),
            ("--permits 8 --permits 9", "--permits 8 and --permits 9 contradict each other"),
            ("--permits 8 --shared", "contradict"), ("--permits 8 --once", "locks"), ("--shared --input x", "locks"),
            ("--permits 8 --also q", "also can't go with 8 permits"), ("--mode shared", "Unknown option '--mode'"),
            ("--observe --shared", "--observe"), ("--observe --permits 3", "--observe"), ("--observe --once", "--observe"),
            ("--observe --also q", "observe"), ("--observe --work x", "leave --work out"),
            ("--once --work x", "--work is for locks"), ("--once --info a=1 --info a=2", "given as '1' and as '2'"),
            ("--duration 10x", "'10x'", "a time such as 90s"), ("--duration -1s", "'-1s'", "a time such as"),
            ("--wait-timeout 99999999999h", "100 years"), ("--once --retention 14", "no unit: 14d, 14h or 14s"))
        self.refused((["run", "x.hold-3", "--", "true"], "can't be campaigned for"))

    def test_limits_that_contradict_are_refused_with_both_values(self):
        self.client.elected("k", "anna", marker="none", permits=8)
        self.client.elected("s", "anna", marker="none", mode="shared")
        self.client.elected("o", "anna")
        self.runs("k", ("--permits 9", "8 permits", "9 permits"), ("--shared", "8 permits", "mode shared"),
                  ("", "8 permits", "mode exclusive"), ("--once", '"none"', '"once"'))
        self.runs("s", ("--permits 3", "mode shared", "3 permits"), ("--once", '"none"', '"once"'))
        self.runs("o", ("--permits 3", '"once"', '"none"'), ("--shared", '"once"', '"none"'))
        self.runs("free", ("--also k", '"k"', "8 permits", "mode exclusive"), ("--also o", '"o"', '"once"'))
        for name in ("free", "x"):
            self.assertEqual(404, self.client.send("GET", self.client.path("leases/" + name)).status)

    def test_several_names(self):
        self.runs(
            "a", ("--also a", "--also a is asked for already"), ("--also b --also b", "--also b is asked for already"),
            ("--also B", "--also B"), (["--also", ""], "it is empty"), (["--also", "x y"], "U+0020"),
            ("--also b --once", "leave out --once"), ("--also x.hold-3", "can't be campaigned for"),
            (" ".join("--also n%d" % n for n in range(16)), "15 times at the most, not 16"))

    def test_waits(self):
        self.client.elected("held", "anna", marker="none")
        self.refused(
            ("wait", "nothing to wait for"), ("wait A", '"A" is not valid'), ("wait a --all --any", "contradict"),
            ("wait a --until x", "Unknown option"), ("wait a b --count 2", "--count is for -l"),
            ("wait -l a=b --count 0", "--count 0 is out of range: 1 to 1000"),
            ("wait -l a=b --count -1", "--count -1 is out of range"),
            ("wait -l a=b --count 1001", "1 to 1000"), ("wait -l a=b --count 1.5", "'1.5'", "a whole number"),
            (["wait", "-l", "", "--count", "2"], "-l needs labels"), (["wait", "-l", "a b"], "not a label selector"),
            ("wait -l a=b=c", '"a=b=c"'), ("wait -l a=b c", "-l stands for the names"),
            ("wait a --idle --drained", "one thing at a time"), ("wait a --quiet 5m --idle", "one thing at a time"),
            ("wait a --quiet 0", "--quiet 0s is out of range: 1ms to 30d"), ("wait a --quiet 31d", "--quiet 31d"),
            ("wait a --quiet -5m", "'-5m' is invalid for '--quiet", "a time such as"),
            (["wait", "a", "--phase", "x" * 129], "1 to 128 bytes"), (["wait", "a", "--phase", "a\nb"], "control"),
            (["wait", "a", "--phase", "p", "--holder", ""], "holder"), ("wait a a", '"a" twice'),
            (["wait"] + ["n%d" % n for n in range(101)], "at most 100"))
        self.refused(*[
            (["wait", "nothing", "--timeout", text], "'%s'" % text, "--timeout", "a time such as 90s")
            for text in ("-1", "-1s", "1e9h", "99999999999999h", "1000000h", "10x", "", "inf", " 5s", "5S", "1m1h", ".5s")])
        # No time to wait: the state at that moment is the answer.
        self.refused(("wait nothing --timeout 0", "--timeout is over"), ("wait held --idle --timeout 0", "--timeout"),
                     ("campaign held --holder bela --wait-timeout 0", "held by anna", "--wait-timeout is over"), code=124)
        self.call("wait", "free", "--idle", "--timeout", "0")
        self.call("campaign", "free", "--wait-timeout", "0")
        missing = self.call("wait", "-l", "a=b", "--count", "3", "--timeout", "300ms", code=124)
        self.assertIn("3 markers left", missing.err)

    def test_a_lease_of_a_second_is_campaigned_for_and_that_is_all(self):
        token = self.call("campaign", "short", "--duration", "1s", "--holder", "anna").out
        self.assertEqual(int(token), self.client.history("short")[0]["fencingToken"])
        self.refused(("campaign short --duration 999ms", "--duration 999ms is out of range"),
                     ("campaign short --duration 61m", "1s to 1h"), ("campaign short --permits 0", "--permits 0"))

    def test_phases_and_what_is_abandoned(self):
        token = self.client.elected("work", "anna", marker="none")
        mine = ["--token", str(token), "--holder", "anna"]
        self.refused(
            ("phase", "Missing"), ("phase work", "no lease is named"), (["phase", "work", "", *mine], "a phase is expected"),
            (["phase", "work", "x" * 129, *mine], "1 to 128 bytes"), (["phase", "work", "a\tb", *mine], "control character"),
            (["phase", "a", "b", "c", *mine], "a phase is expected"), ("phase work x --token 0 --holder a", "can't be 0"),
            ("phase work x --token -3 --holder a", "can't be -3"), ("phase work x --token abc --holder a", "whole number"),
            ("phase work x --token 9007199254740992 --holder a", "9007199254740991"),
            ("clear-abandoned work --token 0 --reason x", "can't be 0"),
            (["clear-abandoned", "work", "--token", "3", "--reason", ""], "reason is empty"),
            ("clear-abandoned work --token 3", "--reason"), ("clear-abandoned WORK --token 3 --reason x", '"WORK"'))
        self.refused((["phase", "work", "x", "--token", str(token), "--holder", "bela"], '"anna" holds it'),
                     (["phase", "work", "x", "--token", str(token + 1), "--holder", "anna"], "is not the present one"),
                     ("phase nothing x --token 4 --holder anna", "is not the present one"), code=75)
        self.refused(("clear-abandoned nothing --token 3 --reason x", "No abandoned hold"),
                     (["clear-abandoned", "work", "--token", str(token), "--reason", "x"], "No abandoned hold"), code=1)
        for command in (("phase", "work", "x", "--holder", "anna"), ("renew", "work", "--holder", "anna"), ("fence", "work")):
            run = self.call(*command, code=64, env={"BATON_FENCING_TOKEN": "abc"})
            self.assertIn("BATON_FENCING_TOKEN 'abc' isn't a token", run.err)

    def test_markers_and_artifacts(self):
        self.put("made", artifacts=[{"name": "a", "digest": DIGEST, "size": 3}, {"name": "b", "digest": DIGEST}])
        self.put("broken", outcome="Failed", reason="no runner")
        with open(self.path("f"), "w") as file:
            file.write("hi\n")
        os.mkfifo(self.path("pipe"))
        path = self.path("f")
        self.refused(
            ("mark m --result a=1 --result a=2", "--result a is given as '1' and as '2'"), ("mark m --result 9a=x", "'9a'"),
            ("mark m --artifact a=%s,-1" % DIGEST, "'-1' isn't a size"), ("mark m --artifact a=sha256:" + "AB" * 32, "lower case"),
            ("mark m --retention 0", "from 1s"), ("mark m --retention 4000d", "87600h"), ("mark m --retention -1d", "'-1d'"),
            ("mark M", "'M'"), ("verify made a=", "names no file"), ("verify made", "Missing"))
        self.refused(("mark m --artifact a=/proc/self/mem", "/proc/self/mem"), ("mark m --artifact a=/proc/self/status", "changed"),
                     ("mark m --artifact a=" + self.path("pipe"), "is a pipe"), ("verify made b=/proc/self/mem", "can't be read"),
                     ("verify made a=" + self.path("pipe"), "is a pipe"), code=66)
        self.refused(("verify made x=" + path, "no artifact 'x'", "'a', 'b'"), ("verify made " + path, "which artifact"),
                     ("verify nothing " + path, "no done marker nothing"), code=78)
        self.refused(("verify broken " + path, "no runner"), code=76)
        self.refused(("verify made a=" + path, "its digest is sha256:"), code=79)

    def test_what_others_wrote_gives_terminals_and_runners_no_orders(self):
        reason = "no \x1b[31mrunner\r\n::add-mask::x\x9b"
        self.put("broken", outcome="Failed", reason=reason)
        token = self.client.elected("work", "anna")
        self.client.resign("work", "anna", token, outcome="failed", reason=reason)
        run = self.call("wait", "broken", code=76)
        self.assertEqual("baton: broken has failed: no  [31mrunner \nbaton: ::add-mask::x \n", run.err)
        for command in (["history", "work"], ["describe", "marker", "broken"], ["history", "-o", "wide"]):
            out = self.call(*command).out
            self.assertIn("[31mrunner", out)
            self.assertFalse([line for line in out.splitlines() if line.startswith("::")])
            self.assertFalse(set("\x1b\r\x9b") & set(out))

    def test_aliases(self):
        self.put("w-1", "w-10", "w-2", "one")
        self.put(*["v-%d" % n for n in range(25)])
        for name, target in (("latest", "w-1"), ("latest", "w-2"), ("single", "one")):
            self.client.send("PUT", self.client.path("aliases/" + name), {"target": target})
        now = self.client.send("GET", self.client.path("aliases/latest"))["alias"]["revision"]
        self.refused(
            ("alias set x w-", "3 done markers", " w-1 ", " w-10 ", " w-2"), ("get marker w-", "w-10"),
            ("describe marker v-", "25 done markers", "v-19", "and 5 others"),
            ("alias set X w-1", '"X"'), ("alias set x W", '"W"'), (["alias", "set", "x", ""], '""'),
            ("alias set x w-1 --expect revision=0", "takes a number"), ("alias set x w-1 --expect revision=x", "takes a number"),
            ("alias set x w-1 --expect Absent", '"Absent"'), (["alias", "set", "x", "w-1", "--expect", ""], "expect.target"),
            ("alias rollback latest --to 0", "can't be 0"), ("alias rollback latest --to -1", "can't be -1"),
            ("alias rollback latest --to abc", "'abc'", "a whole number"), ("alias delete latest --revision 0", "can't be"),
            ("alias get latest --since 0 --wait 1s", "--since"), ("alias get latest --wait 10x", "a time such as"),
            ("alias get latest --target -o json", "exclude each other"), ("alias list --prefix A", '"A"'),
            ("alias history latest --limit 0", "--limit"))
        self.refused(
            ("alias set x latest", "latest is an alias"), ("alias set latest latest", "latest is an alias"),
            ("alias set x nothing", "no done marker nothing"), ("alias rollback nothing", "no alias nothing"),
            ("alias rollback latest --to 1", "no move of revision 1"), ("alias rollback single", "pointed at nothing but one"),
            ("alias get nothing", "no alias nothing"), ("alias delete nothing", "no alias nothing"), ("alias delete nothing --revision 3", "no alias nothing"), code=1)
        self.refused(
            ("alias set x w-1 --expect w-1", "isn't there"), ("alias set latest w-1 --expect w-9", "points at w-2"),
            ("alias set latest w-1", "w-1 is older"), ("alias set latest w-1 --expect absent", "points at w-2"),
            ("alias delete latest --revision 3000", "points at w-2"),
            ("alias rollback latest --revision %d" % (now + 1), "points at w-2"), code=77)
        # Where it is already, and a marker that is called as an alias is: nothing to refuse.
        same = self.call("alias", "rollback", "latest", "--to", str(now))
        self.assertIn("points at w-2 already", same.err)
        self.put("latest")
        self.call("alias", "set", "other", "latest")
        self.assertEqual("latest\n", self.call("alias", "get", "other", "--target").out)
        self.assertEqual("w-2\n", self.call("alias", "get", "latest", "--target").out)

    def test_pruning(self):
        self.put("one", "two")
        self.refused(
            ("prune", "--older-than or --keep-last"), ("prune --keep x --dry-run", "--older-than"),
            ("prune --older-than 14", "it has no unit: 14d, 14h or 14s"), ("prune --older-than soon", "'soon'", "a time such as"),
            ("prune --older-than -1d", "'-1d'"), ("prune --older-than 4000d", "87600h"), ("prune --keep-last -1", "--keep-last -1"),
            ("prune --keep-last 1.5", "a whole number"), ("prune --keep-last 2000000", "1000000"),
            ("prune --older-than 0 --keep Cache", '"Cache"'), (["prune", "--older-than", "0", "--keep", ""], "keep"),
            (["prune", "--older-than", "0", "--name", ""], "name"), ("prune --older-than 0 --keep [ab]", "a-z"),
            # Unset variables must not choose everything.
            (["prune", "--older-than", "0", "-l", ""], "all markers match"), (["prune", "--older-than", "0", "-l", " "], "labels"),
            ("prune --older-than 0 -l ==", "labels"), ("prune --older-than 0 --apply", "--apply"), ("prune one --older-than 0", "'one'"))

    def test_overlaps_and_reports(self):
        time_ = ("2026-13-01T00:00:00Z", "2016-12-31T23:59:60Z", "2026-11-28T14:00:00.12345678901234567890Z", "2026-11-28",
                 "2026-11-28T14:00:00-24:00", "99999-01-01T00:00:00Z", "yesterday", "", "-1h", "24", "1e9", "1000000d")
        self.refused(*[(["overlaps", "deploy", "--since", text], "is not a time. since") for text in time_])
        self.refused(
            ("overlaps --since 9999-12-31T23:59:59Z", "since is 9999-12-31T23:59:59.000000Z, not before until"),
            ("overlaps --since 1h --until 2h", "not before until"), ("report --until 1960-01-01T00:00:00Z", "not before until"),
            ("overlaps --limit 0", "--limit"), ("overlaps --limit -1", "--limit"), ("overlaps DEPLOY", '"DEPLOY"'),
            ("overlaps a b", "'b'"), ("report deploy", "'deploy'"), ("report --since x", '"x" is not a time'),
            ("audit --since -1h", '"-1h" is not a time'))
        for since in ("0001-01-01T00:00:00Z", "1960-01-01T00:00:00+23:59", "106751d"):
            self.assertIn("nothing overlapped", self.call("overlaps", "never-was", "--since", since).err)
            self.assertIn("nothing happened", self.call("report", "--since", since).err)


LEASES = "/apis/coordination.k8s.io/v1/namespaces/ci/leases"
MARKERS = "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers"


class ClocksOfClients(Story):
    """What a client says of the time is for people: the daemon's clock decides."""

    def setUp(self):
        super().setUp()
        self.client = self.daemon().client()

    def lease(self, name, **spec):
        return self.client.send("POST", LEASES, documented=False, body={
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
            "spec": dict(spec, holderIdentity="controller")})

    def test_a_lease_is_held_for_its_duration_from_when_it_was_seen(self):
        for index, moment in enumerate((
                "0001-01-02T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z",
                "2026-11-28T14:00:00.000000+23:59")):
            with self.subTest(moment=moment):
                name = "lease-%d" % index
                self.assertEqual(201, self.lease(
                    name, leaseDurationSeconds=300, renewTime=moment, acquireTime=moment).status)
                waiting = self.client.campaign(name, "bela", marker="none")
                self.assertEqual((202, "Held"), (waiting.status, waiting["reason"]))
                self.assertTrue(200 < waiting["lease"]["remaining"] <= 300, waiting["lease"])

    def test_what_is_no_time_or_no_duration_is_refused_and_makes_nothing(self):
        for moment in ("garbage", "", "10000-01-01T00:00:00.000000Z", "2016-12-31T23:59:60.000000Z", "2026-02-30T00:00:00.000000Z",
                       "2026-11-28T14:00:00.00000000000000000000Z", "2026-11-28T14:00:00Z", 1795860000, True):
            for field in ("renewTime", "acquireTime"):
                answer = self.lease("x", leaseDurationSeconds=15, **{field: moment})
                self.assertEqual((400, "BadRequest"), (answer.status, answer["reason"]), (field, moment))
        for duration, status in ((0, 422), (-1, 422), (2 ** 31, 400), (10 ** 20, 400), (1.5, 400), ("15", 400), (True, 400)):
            answer = self.lease("x", leaseDurationSeconds=duration)
            self.assertEqual(status, answer.status, duration)
            self.assertIn("leaseDurationSeconds", answer["message"])
        self.assertEqual([], self.client.send("GET", self.client.path("leases"))["items"])

    def test_a_marker_ended_when_the_daemon_heard_of_it(self):
        began = time.time()
        for index, moment in enumerate(("0001-01-02T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")):
            answer = self.client.send("POST", MARKERS, documented=False, body={
                "apiVersion": "coordination.baton.dev/v1", "kind": "DoneMarker", "metadata": {"name": "m-%d" % index},
                "spec": {"outcome": "Succeeded", "startTime": moment, "endTime": moment}})
            self.assertEqual(201, answer.status, answer)
        year = time.gmtime(began).tm_year
        for marker in self.client.send("GET", self.client.path("markers"))["items"]:
            for field in ("startTime", "endTime"):
                self.assertIn(int(marker[field][:4]), (year, year + 1), marker)
        # None of them is old, and none is from the future.
        pruned = self.client.send("POST", self.client.path("prune"), {"olderThan": "1h", "dryRun": True})
        self.assertEqual(["TooYoung"] * 2, [item["reason"] for item in pruned["items"]])

    def test_dates_of_requests_decide_nothing_and_times_are_no_fields(self):
        for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "garbage"):
            answer = self.client.send("GET", "/v1/status", headers={"Date": date, "If-Modified-Since": date})
            self.assertEqual(200, answer.status, date)
        for method, path, body, field in (
                ("POST", "leases/x/campaign", {"beginTime": "2020-01-01T00:00:00Z"}, "beginTime"),
                ("PUT", "markers/x", {"endTime": "2020-01-01T00:00:00Z"}, "endTime"),
                ("POST", "prune", {"before": "2020-01-01T00:00:00Z"}, "before")):
            if path != "prune":
                body["holderIdentity"] = "anna"
            answer = self.client.send(method, self.client.path(path), body)
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual(field, answer["field"])
