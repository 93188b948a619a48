"""Retention: what goes by itself, what an operator prunes, and why the others stay. The real programs.

Images were pushed once, named by run id, and pruned weekly after 14 days, with `cache` protected and a dry run first.
"""

import json
import os
import signal
import time

from support import Story, in_threads, until

SECONDS = 30


class Retention(Story):
    def mark(self, client, *names, **fields):
        for name in names:
            answer = client.send(
                "PUT", client.path("markers/" + name), dict({"holderIdentity": "anna"}, **fields))
            self.assertEqual(201, answer.status, repr(answer))

    def prune(self, client, **body):
        answer = client.send("POST", client.path("prune"), body)
        self.assertEqual(200, answer.status, repr(answer))
        return answer

    def fates(self, answer):
        return {item["name"]: item.get("reason", item["action"]) for item in answer["items"]}

    def names(self, client):
        return [marker["name"] for marker in client.send("GET", client.path("markers"))["items"]]

    def test_a_dry_run_says_what_would_go_and_why_the_others_stay_and_then_it_goes(self):
        batond = self.daemon()
        client = batond.client()
        self.mark(client, "cache", "run-1", "run-2", "aliased", "kept-long", "waited", "held")
        self.mark(client, "own", retention="14d")
        self.assertEqual(201, client.send(
            "PUT", client.path("aliases/latest"), {"target": "aliased"}).status)
        client.elected("held", "bela", marker="none")
        waiting = batond.client().stream(client.path("markers?name=waited&name=never&require=all&wait=60s"))
        waiting.waiting()
        run = self.baton(batond, "prune", "--older-than", "0s", "--keep", "cache", "--keep", "kept-*", "--dry-run",
                         "-o", "json")
        self.assertEqual(0, run.wait(), run.err)
        self.assertIn("2 markers would go, 6 stay", run.err)
        said = {item["name"]: item for item in json.loads(run.out)["items"]}
        self.assertEqual(
            {"cache": "Protected", "run-1": None, "run-2": None, "aliased": "Aliased", "kept-long": "Protected",
             "waited": "WaitedFor", "held": "Held", "own": "OwnRetention"},
            {name: item.get("reason") for name, item in said.items()})
        self.assertEqual(["latest"], said["aliased"]["aliases"])
        self.assertIn("held by bela", said["held"]["detail"])
        self.assertEqual(8, len(self.names(client)))

        table = self.baton(batond, "prune", "--older-than", "0s", "--keep", "cache", "--keep", "kept-*")
        self.assertEqual(0, table.wait(), table.err)
        self.assertIn("2 markers went, 6 stay", table.err)
        self.assertIn("aliased by latest", table.out)
        self.assertEqual(["aliased", "cache", "held", "kept-long", "own", "waited"], self.names(client))

        # One entry for the call, with its counts.
        entries = [entry for entry in client.send("GET", "/v1/audit?verb=prune")["items"]]
        self.assertEqual([("2", "3", "0s")], [
            (entry["details"]["pruned"], entry["details"]["skipped"], entry["details"]["olderThan"])
            for entry in entries])

        # What is left goes when what kept it is over.
        waiting.close()
        client.resign("held", "bela", client.lease("held")["fencingToken"])
        self.assertEqual({"waited", "held"}, {
            name for name, fate in self.fates(self.prune(
                client, olderThan="0s", keep=["cache", "kept-*"])).items() if fate == "prune"})
        batond.restart()
        self.assertEqual(["aliased", "cache", "kept-long", "own"], self.names(batond.client()))

    def test_the_newest_stay_and_the_parts_of_one_pruning_agree(self):
        client = self.daemon().client()
        names = ["w-%02d" % number for number in range(20)]
        self.mark(client, "other", *names)
        parts, where = [], {}
        while True:
            part = self.prune(client, keepLast=5, name="w-*", limit=4, **where)
            self.assertLessEqual(len(part["items"]), 4)
            parts += part["items"]
            if not part.get("continue"):
                break
            where = {"continue": part["continue"]}
        self.assertEqual(names[:15], [item["name"] for item in parts if item["action"] == "prune"])
        self.assertEqual(["other"] + names[15:], self.names(client))
        self.assertEqual(0, self.prune(client, keepLast=5, name="w-*")["pruned"])
        # Two of them: the newest of those that are asked for.
        fates = self.fates(self.prune(client, keepLast=2, name="w-*", olderThan="1h", dryRun=True))
        self.assertEqual({"w-15": "TooYoung", "w-18": "AmongNewest", "w-19": "AmongNewest"},
                         {name: fates[name] for name in ("w-15", "w-18", "w-19")})

    def test_a_policy_prunes_by_schedule_and_another_one_after_a_reload(self):
        path = self.path("policies.yaml")

        def write(text):
            with open(path, "w") as file:
                file.write(text)

        write("policies:\n- namespaces: ci\n  names: [run-*]\n  maxAge: 1s\n  protectNames: run-cache\n"
              "- names: w-*\n  keep: 2\n")
        batond = self.daemon(retention__interval="300ms", retention__policiesFile=path)
        client = batond.client()
        elsewhere = batond.client(namespace="other")
        self.mark(client, "run-1", "run-cache", "run-aliased", "release-1", "w-1", "w-2", "w-3")
        self.mark(elsewhere, "run-1")
        client.send("PUT", client.path("aliases/latest"), {"target": "run-aliased"})
        until(lambda: self.names(client) == ["release-1", "run-aliased", "run-cache", "w-2", "w-3"],
              "the policies have done their work")
        self.assertEqual(["run-1"], self.names(elsewhere))
        # Protected from operators as well.
        fates = self.fates(self.prune(client, olderThan="0s", name="run-*"))
        self.assertEqual({"run-aliased": "Aliased", "run-cache": "Protected"}, fates)
        # An alias that leaves gives its marker its whole age again.
        client.send("DELETE", client.path("aliases/latest?revision=%d" % client.send(
            "GET", client.path("aliases/latest"))["alias"]["revision"]))
        until(lambda: "run-aliased" not in self.names(client), "it goes when nothing points at it")

        # What is wrong leaves the policies as they are, and is named.
        before = len(batond.log())
        write("policies:\n- names: [run-*]\n  maxAge: soon\n")
        batond.process.send_signal(signal.SIGHUP)
        until(lambda: "policies.yaml:3: maxAge: soon" in batond.log()[before:], "the log names the line")
        write("policies:\n- names: release-*\n  maxAge: 1s\n")
        batond.process.send_signal(signal.SIGHUP)
        until(lambda: self.names(client) == ["run-cache", "w-2", "w-3"], "the new policy holds")
        metrics = client.send("GET", "/metrics").raw.decode()
        pruned = [line for line in metrics.splitlines() if line.startswith('baton_markers_pruned_total{by="schedule"}')]
        self.assertEqual(4, int(pruned[0].split()[1]))
        self.assertIn("baton_clocks_disagree 0", metrics)
        self.assertNotIn("baton_retention_last_run_timestamp_seconds 0\n", metrics)

    def test_a_marker_goes_when_its_own_retention_is_over(self):
        batond = self.daemon()
        client = batond.client()
        token = client.elected("short", "anna")
        self.assertEqual(200, client.complete("short", "anna", token, retention="1s").status)
        self.assertEqual(1209600, client.send("PUT", client.path("markers/long"), {
            "holderIdentity": "anna", "retention": "14d"})["marker"]["retention"])
        until(lambda: client.marker("short").status == 404, "the short one goes")
        run = self.baton(batond, "mark", "by-hand", "--retention", "1s")
        self.assertEqual(0, run.wait(), run.err)
        run = self.baton(batond, "run", "by-run", "--once", "--retention", "2d", "--", "true")
        self.assertEqual(0, run.wait(), run.err)
        self.assertEqual(172800, client.marker("by-run")["marker"]["retention"])
        until(lambda: client.marker("by-hand").status == 404, "so does this one")
        batond.restart()
        self.assertEqual(["by-run", "long"], self.names(batond.client()))

    def test_a_marker_that_somebody_waits_for_outlives_its_retention(self):
        client = self.daemon().client()
        stream = client.stream(client.path("markers?name=a&name=b&require=all&wait=60s"))
        stream.waiting()
        self.mark(client, "a", retention="1s")
        time.sleep(1.5)
        self.mark(client, "b")
        last = stream.last()
        self.assertEqual(("done", ["a", "b"]), (last["outcome"], [marker["name"] for marker in last["markers"]]))
        until(lambda: client.marker("a").status == 404, "now it goes")

    def test_bad_input_names_the_field_and_changes_nothing(self):
        batond = self.daemon()
        client = batond.client()
        self.mark(client, "one")
        for body, field in (
                ({}, "olderThan"), ({"olderThan": "soon"}, "olderThan"), ({"olderThan": "-1s"}, "olderThan"),
                ({"keepLast": -1}, "keepLast"), ({"keepLast": "all"}, "keepLast"),
                ({"olderThan": "0s", "name": "a b"}, "name"), ({"olderThan": "0s", "keep": "cache"}, "keep"),
                ({"olderThan": "0s", "keep": ["Cache"]}, "keep"), ({"olderThan": "0s", "labels": "=="}, "labels"),
                ({"olderThan": "0s", "continue": "one"}, "continue"), ({"olderThan": "0s", "limit": 0}, "limit"),
                ({"olderThan": "0s", "dryRun": "yes"}, "dryRun"), ({"olderThan": "0s", "force": True}, "force")):
            answer = client.send("POST", client.path("prune"), body)
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual(field, answer["field"], repr(answer))
        for retention in ("0s", "soon", "11y", 0.5, True):
            answer = client.send("PUT", client.path("markers/two"), {
                "holderIdentity": "anna", "retention": retention})
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual("retention", answer["field"])
        self.assertEqual(["one"], self.names(client))
        run = self.baton(batond, "prune", "--keep", "cache")
        self.assertEqual(64, run.wait())
        self.assertIn("--older-than", run.err)
        run = self.baton(batond, "run", "lock", "--retention", "1d", "--", "true")
        self.assertEqual(64, run.wait())

    def test_labels_choose_and_protect(self):
        path = self.path("policies.yaml")
        with open(path, "w") as file:
            file.write("policies:\n- protectLabels: keep=yes\n")
        client = self.daemon(retention__policiesFile=path).client()
        markers = "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers"
        for name, labels in (("base", {"tier": "base"}), ("kept", {"tier": "base", "keep": "yes"}), ("plain", {})):
            answer = client.send("POST", markers, documented=False, body={
                "apiVersion": "coordination.baton.dev/v1", "kind": "DoneMarker",
                "metadata": {"name": name, "labels": labels}, "spec": {"outcome": "Succeeded"}})
            self.assertEqual(201, answer.status, repr(answer))
        waiting = client.stream(client.path("markers?selector=tier=base&count=3&wait=60s"))
        waiting.waiting()
        fates = self.fates(self.prune(client, olderThan="0s", labels="tier=base"))
        self.assertEqual({"base": "WaitedFor", "kept": "Protected"}, fates)
        waiting.close()
        until(lambda: client.status()["waiters"] == 0, "nobody waits any more")
        fates = self.fates(self.prune(client, olderThan="0s", labels="tier=base"))
        self.assertEqual({"base": "prune", "kept": "Protected"}, fates)
        self.assertEqual(["kept", "plain"], self.names(client))
