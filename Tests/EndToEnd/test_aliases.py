"""Aliases, by the real command: the incident of the tag that was overwritten, and each rule over the wire.

Every rollout revision pointed at one floating tag; a bad image had overwritten the good one, and undo had nowhere to go.
Here each build has a marker of its own that never changes, and the floating name is moved by compare-and-set.
"""

import json
import threading

from support import Story, in_threads, until

SECONDS = 20


class Aliases(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def call(self, *arguments, code=0, env=None):
        run = self.baton(self.batond, *arguments, env=env)
        self.assertEqual(code, run.wait(), "%r: %s" % (arguments, run.err))
        self.said = run.err
        return run.out

    def target(self, name="latest-workers"):
        return self.call("alias", "get", name, "--target").strip()

    def put(self, name, target, **fields):
        return self.client.send("PUT", self.client.path("aliases/" + name), dict(fields, target=target))

    def alias(self, name, rest=""):
        return self.client.send("GET", self.client.path("aliases/%s%s" % (name, rest)))

    def pipeline(self, sha, bad=False):
        """Two architectures are built, joined, and the joined tag is marked. Returns the marker's name."""
        arch = {}
        for name in ("amd64", "arm64"):
            arch[name] = "workers-%s-%s" % (name, sha)
            self.call("mark", arch[name], "--result", "digest=sha256:%s-%s" % (name, sha))
        joined = self.client.send("GET", self.client.path(
            "markers?name=%s&name=%s&require=all" % (arch["amd64"], arch["arm64"])))
        self.assertEqual("done", joined.outcome)
        self.call("mark", "workers-sha-" + sha, *[
            part for marker in joined["markers"]
            for part in ("--result", "%s=%s" % (marker["name"].split("-")[1], marker["result"]["digest"]))])
        return "workers-sha-" + sha

    def test_what_is_wrong_is_named(self):
        for name in ("a", "b"):
            self.client.send("PUT", self.client.path("markers/" + name), {"holderIdentity": "anna"})
        first = self.put("latest", "a")["alias"]["revision"]
        second = self.put("latest", "b")["alias"]["revision"]
        there = self.client.path("aliases/latest")
        for method, path, body in (
                ("PUT", there, {"target": 7}), ("GET", there + "?wait=soon", None), ("DELETE", there, None),
                ("GET", there + "/history?limit=0", None), ("GET", self.client.path("aliases?limit=0"), None),
                ("GET", self.client.path("resolve/Not-A-Name"), None), ("POST", there + "/rollback", {})):
            self.assertProblem(self.client.send(method, path, body), 400, "invalid-field")
        self.assertProblem(self.client.send("DELETE", there + "?revision=%d" % first), 409, "alias-differs")
        self.assertProblem(self.client.send("POST", there + "/rollback", {"revision": first}), 409, "alias-differs")
        back = self.client.send("POST", there + "/rollback", {"revision": second})
        self.assertEqual((200, "a"), (back.status, back["alias"]["target"]))

    def test_whoever_waits_for_a_move_is_sent_away_by_a_stop(self):
        self.client.send("PUT", self.client.path("markers/a"), {"holderIdentity": "anna"})
        revision = self.put("latest", "a")["alias"]["revision"]
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(
            self.batond.client().send("GET", self.client.path("aliases/latest?wait=20s&since=%d" % revision))))
        waiting.start()
        until(lambda: self.client.status()["waiters"] == 1, "it waits")
        self.assertEqual(0, self.batond.stop())
        waiting.join()
        self.assertProblem(answers[0], 503, "unavailable")

    def test_a_bad_build_is_rolled_back_and_an_old_pipeline_finishes_late(self):
        good = self.pipeline("c804cace")
        self.call("alias", "set", "latest-workers", good, "--reason", "build 7", env={"BATON_HOLDER": "pipeline-7"})
        # This one is built, and stalls before it moves the alias.
        late = self.pipeline("0ldb111d")
        bad = self.pipeline("badbad00")
        self.call("alias", "set", "latest-workers", "workers-sha-badb", "--expect", good, "--reason", "build 9",
                  env={"BATON_HOLDER": "pipeline-9"})
        self.assertEqual(bad, self.target())

        # The join has both digests, and the alias leads to them.
        marker = json.loads(self.call("get", "marker", "latest-workers", "-o", "json"))
        self.assertEqual((bad, {"amd64", "arm64"}), (marker["name"], set(marker["result"])))

        # Late is refused, and says what came first.
        self.call("alias", "set", "latest-workers", late, "--reason", "build 8", code=77)
        self.assertIn("older", self.said)
        self.assertIn(bad, self.said)
        self.call("alias", "set", "latest-workers", late, "--expect", good, code=77)

        # The good image is still there, since the tag of each build is its own.
        self.call("alias", "rollback", "latest-workers", "--reason", "crashes at start", env={"BATON_HOLDER": "olga"})
        self.assertEqual(good, self.target())
        self.assertEqual(200, self.client.marker(good).status)

        self.batond.kill()
        self.batond.start()
        self.assertEqual(good, self.target())
        moves = json.loads(self.call("alias", "history", "latest-workers", "-o", "json"))["items"]
        self.assertEqual(
            [("rolled-back", bad, good, "olga", "crashes at start"), ("set", good, bad, "pipeline-9", "build 9"),
             ("set", None, good, "pipeline-7", "build 7")],
            [(move["move"], move["from"] and move["from"]["target"], move["to"]["target"], move["holderIdentity"],
              move["reason"]) for move in moves])
        table = self.call("alias", "history", "latest-workers")
        self.assertIn("crashes at start", table)
        self.assertIn("olga", table)
        # Forward again on purpose, by the revision of the history.
        self.call("alias", "rollback", "latest-workers", "--to", str(moves[1]["revision"]))
        self.assertEqual(bad, self.target())
        self.call("alias", "rollback", "latest-workers", "--to", "1", code=1)

    def test_what_an_alias_points_at_cannot_be_deleted_by_anybody(self):
        self.call("mark", "w-1")
        self.call("alias", "set", "latest", "w-1")
        revision = self.client.marker("w-1")["marker"]["revision"]
        gone = self.client.path("markers/w-1?revision=%d" % revision)
        self.assertProblem(self.client.send("DELETE", gone), 409, "aliased")
        self.assertEqual(["latest"], self.client.send("DELETE", gone)["aliases"])
        path = "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers/w-1"
        answer = self.client.send("DELETE", path, documented=False)
        self.assertEqual((409, "Conflict"), (answer.status, answer["reason"]))
        self.assertIn("alias latest points at it", answer["message"])
        alias = self.alias("latest")["alias"]
        self.call("alias", "delete", "latest", "--revision", str(alias["revision"] + 1), code=77)
        self.call("alias", "delete", "latest", "--reason", "renamed")
        self.call("alias", "get", "latest", code=1)
        self.assertIn("renamed", self.call("alias", "history", "latest"))
        self.assertEqual(200, self.client.send("DELETE", gone).status)
        act, = [entry for entry in self.client.send("GET", "/v1/audit?verb=unalias")["items"]
                if entry["outcome"] == "done"]
        self.assertEqual(("latest", "w-1", "renamed"), (act["name"], act["details"]["target"], act["reason"]))

    def test_a_namespace_goes_with_its_aliases(self):
        self.call("mark", "w-1")
        self.call("alias", "set", "latest", "w-1")
        self.assertIn(
            self.client.send("DELETE", "/api/v1/namespaces/ci", documented=False).status, (200, 202))
        until(lambda: self.client.send("GET", "/api/v1/namespaces/ci", documented=False).status == 404, "it is gone")
        self.assertProblem(self.alias("latest"), 404, "not-found")
        self.call("mark", "w-1")
        self.assertEqual(201, self.put("latest", "w-1").status)

    def test_bad_calls_say_what_was_wrong(self):
        self.call("mark", "w-1")
        self.call("mark", "w-10")
        self.call("mark", "broken", "--failed", "--reason", "no runner")
        self.call("alias", "set", "latest", "w-1")
        self.call("alias", "set", "other", "latest", code=1)
        self.assertIn("an alias points at a done marker only", self.said)
        self.call("alias", "set", "latest", "latest", code=1)
        self.call("alias", "set", "other", "broken", code=1)
        self.call("alias", "set", "other", "nothing", code=1)
        self.call("alias", "set", "other", "w-", code=64)
        self.assertIn("2 done markers", self.said)
        self.call("alias", "set", "other", "W", code=64)
        self.call("alias", "set", "oth_er", "w-1", code=64)
        self.call("alias", "set", "latest", "w-10", "--expect", "absent", code=77)
        self.call("alias", "set", "latest", "w-10", "--expect", "revision=x", code=64)
        self.call("alias", "set", "latest", "w-10", "--expect", "revision=1", code=77)
        self.call("alias", "rollback", "latest", code=1)
        self.call("alias", "rollback", "other", code=1)
        self.call("alias", "get", "latest", "--since", "3", code=64)
        self.assertEqual("w-1", self.target("latest"))
        self.assertEqual("alias/latest\n", self.call("alias", "list", "-o", "name"))
        self.assertIn("w-1", self.call("alias", "list", "-o", "wide"))
        self.assertIn("w-1", self.call("alias", "get", "latest"))
        self.assertIn("target: w-1", self.call("alias", "get", "latest", "-o", "yaml"))

    def test_a_prefix_that_fits_many_names_the_first_twenty(self):
        for index in range(25):
            self.client.send("PUT", self.client.path("markers/w-%02d" % index), {"holderIdentity": "anna"})
        answer = self.client.send("GET", self.client.path("resolve/w-"))
        self.assertProblem(answer, 409, "ambiguous")
        self.assertEqual(["w-%02d" % index for index in range(20)], answer["candidates"])
        self.assertEqual((25, False), (answer["count"], answer["more"]))
        answer = self.client.send("GET", self.client.path("resolve/w-24"))
        self.assertEqual(("name", "w-24"), (answer["matched"], answer["marker"]["name"]))
        self.client.send("PUT", self.client.path("markers/x-123"), {"holderIdentity": "anna"})
        answer = self.client.send("GET", self.client.path("resolve/x-"))
        self.assertEqual(("prefix", "x-123"), (answer["matched"], answer["marker"]["name"]))
        self.put("x", "w-03")
        answer = self.client.send("GET", self.client.path("resolve/x"))
        self.assertEqual(("alias", "w-03"), (answer["matched"], answer["marker"]["name"]))
        self.assertProblem(self.client.send("GET", self.client.path("resolve/y")), 404, "not-found")

    def test_whoever_waits_is_told_of_a_move_across_a_restart(self):
        self.call("mark", "w-1")
        self.call("mark", "w-2")
        made = self.put("latest", "w-1")["alias"]
        waiting = self.baton(self.batond, "alias", "get", "latest", "--since", str(made["revision"]), "--wait", "60s",
                             "--target")
        until(lambda: self.client.status()["waiters"] == 1, "it waits")
        self.batond.kill()
        self.batond.start()
        self.client.close()
        self.assertEqual(200, self.put("latest", "w-2").status)
        self.assertEqual(0, waiting.wait(), waiting.err)
        self.assertEqual("w-2\n", waiting.out)
        known = self.alias("latest")["alias"]["revision"]
        self.call("alias", "get", "latest", "--since", str(known), "--wait", "200ms", code=124)

        over = self.alias("latest", "?wait=50ms&since=%d" % known)
        self.assertEqual((202, "waiting", "w-2"), (over.status, over.outcome, over["alias"]["target"]))
        stream = self.client.stream(self.client.path("aliases/latest?since=%d&wait=60s" % known), method="GET")
        self.assertEqual("waiting", stream.next()["type"])
        thread = threading.Thread(target=lambda: self.batond.client().send(
            "DELETE", self.client.path("aliases/latest?revision=%d" % known)))
        thread.start()
        last = stream.last()
        thread.join()
        self.assertEqual(("outcome", "deleted", None), (last["type"], last["outcome"], last["alias"]))

    def test_of_many_who_expect_the_same_one_moves_it(self):
        for index in range(8):
            self.client.send("PUT", self.client.path("markers/w-%d" % index), {"holderIdentity": "anna"})
        self.put("latest", "w-0")

        statuses = []

        def move(index):
            client = self.batond.client()
            statuses.append(client.send("PUT", client.path("aliases/latest"), {
                "target": "w-%d" % (index + 1), "expect": {"target": "w-0"}, "holderIdentity": "run-%d" % index}).status)

        in_threads(7, move)
        self.assertEqual([200] + [409] * 6, sorted(statuses))
        self.assertEqual(2, len(self.alias("latest", "/history")["items"]))

    def test_a_full_namespace_says_so(self):
        batond = self.daemon(namespace__aliases=1)
        client = batond.client()
        client.send("PUT", client.path("markers/w"), {"holderIdentity": "anna"})
        client.send("PUT", client.path("aliases/a"), {"target": "w"})
        answer = client.send("PUT", client.path("aliases/b"), {"target": "w"})
        self.assertProblem(answer, 403, "quota-exceeded")
        self.assertEqual(("namespace.aliases", 1), (answer["setting"], answer["limit"]))
        self.assertEqual({"used": 1, "limit": 1}, client.send("GET", "/v1/namespaces/ci")["aliases"])
