"""What a real API server answered, against the real daemon: $BATON_RECORDINGS names a folder of recordings."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Kubernetes"))

import recording  # noqa: E402
import replay  # noqa: E402


def row(**parts):
    return dict({"request": "GET /a", "field": "x", "why": "so it is"}, **parts)


class Replays(unittest.TestCase):
    """A verb is added here when it is served, and its differences are explained."""

    ANSWERED = ("create", "delete", "discovery", "get", "list", "other methods", "patch", "review", "update")

    def test_answers_are_those_of_a_real_server(self):
        folder = os.environ.get("BATON_RECORDINGS")
        if not folder:
            self.skipTest("BATON_RECORDINGS names no folder of recordings")
        if not os.path.isdir(folder):
            self.skipTest("there is no folder %s with recordings" % folder)
        results = list(replay.replayed(folder))
        self.assertTrue(any(result.outcome == "agrees" for result in results), "nothing was replayed")
        self.assertEqual([], [
            "%s %s: %s" % (result.exchange.method, result.exchange.target, result.reasons)
            for result in results if result.outcome == "differs" and result.verb in self.ANSWERED])


class Comparing(unittest.TestCase):
    """The tool itself: what it would not see, no replay would find."""

    def setUp(self):
        self.replay = replay.Replay.__new__(replay.Replay)
        self.replay.names = {}

    def test_every_difference_is_told_with_its_place(self):
        theirs = {"a": 1, "b": [{"c": "x"}, {"c": "y"}], "gone": True}
        ours = {"a": 2, "b": [{"c": "x"}, {"c": "z"}], "new": None}
        self.assertEqual(
            ["a", "b[1].c", "gone", "new"], [place for place, _ in self.replay.compare(theirs, ours, "")])

    def test_what_cannot_be_the_same_twice_is_remembered(self):
        theirs = {"metadata": {"uid": "u-1", "resourceVersion": "7"}, "text": "not u-1"}
        ours = {"metadata": {"uid": "u-2", "resourceVersion": "9"}, "text": "not u-2"}
        self.assertEqual([], self.replay.compare(theirs, ours, ""))
        self.assertEqual("/a?resourceVersion=9&x=7", self.replay.renamed("/a?resourceVersion=7&x=7"))

    def test_managed_fields_are_compared_but_for_their_times(self):
        entry = {"manager": "a", "operation": "Update", "time": "1", "fieldsV1": {"f:spec": {}}}
        other = dict(entry, time="2")
        self.assertEqual([], self.replay.compare({"managedFields": [entry]}, {"managedFields": [other]}, ""))
        other = dict(entry, fieldsV1={})
        self.assertEqual(1, len(self.replay.compare({"managedFields": [entry]}, {"managedFields": [other]}, "")))

    def test_a_known_difference_is_one_field_of_one_request(self):
        known = replay.Known.__new__(replay.Known)
        known.rows = [row(says="^1 ")]
        asked = recording.Exchange("f", 1, "t")
        asked.method, asked.target = "GET", "/a"
        self.assertEqual("so it is", known.why(asked, "x", "1 in the place of 2"))
        self.assertIsNone(known.why(asked, "x", "3 in the place of 2"))
        self.assertIsNone(known.why(asked, "x.y", "1 in the place of 2"))
        asked.target = "/a/b"
        self.assertIsNone(known.why(asked, "x", "1 in the place of 2"))

    def test_the_table_of_known_differences_can_be_read(self):
        known = replay.Known(os.path.join(os.path.dirname(replay.__file__), "differences.yaml"))
        self.assertTrue(known.rows)
