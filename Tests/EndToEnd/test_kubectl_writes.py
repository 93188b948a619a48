"""Unmodified kubectl against the real daemon: writing, in every form that it knows, over TLS with a token.

Each kubectl works in a namespace of its own, all of them at once.
"""

import json
import os
import re

from kubectl import WithHands, lease, marker
from support import until

SECONDS = 30


class Writes(WithHands):
    # Create

    def test_create(self):
        self.each(self.creates)

    def creates(self, hand):
        self.assertEqual(
            "lease.coordination.k8s.io/a created\n",
            hand("create", "-f", "-", input=lease("a", {"app": "x"}, holderIdentity="me", leaseDurationSeconds=15)))
        self.assertIn(
            'leases.coordination.k8s.io "a" already exists',
            hand("create", "-f", "-", input=lease("a"), code=1))
        shown = hand("get", "lease", "a").split()
        self.assertEqual(["NAME", "HOLDER", "AGE", "a", "me"], shown[:5])
        self.assertRegex(hand("describe", "lease", "a"), r"(?s)Labels: +app=x\n.*Holder Identity: +me\n")
        written = hand.json("get", "lease", "a")
        self.assertEqual({"holderIdentity": "me", "leaseDurationSeconds": 15}, written["spec"])
        generated = lease("", leaseDurationSeconds=5)
        generated["metadata"] = {"generateName": "made-"}
        said = hand("create", "-f", "-", input=generated)
        self.assertRegex(said, r"^lease\.coordination\.k8s\.io/made-[a-z0-9]{5} created\n$")
        self.assertIn(
            "(server dry run)", hand("create", "-f", "-", "--dry-run=server", input=lease("dry")))
        self.assertEqual(["a", said.split("/")[1].split()[0]], self.names(hand, "leases"))
        self.refuses(hand)

    def refuses(self, hand):
        """What can't be: an unknown field, and a value that isn't valid."""
        odd = lease("odd", bogus=1)
        self.assertRegex(hand("create", "-f", "-", input=odd, code=1), r'unknown field "(spec\.)?bogus"')
        self.assertIn("created", hand("create", "--validate=false", "-f", "-", input=odd))
        self.assertEqual({}, hand.json("get", "lease", "odd")["spec"])
        self.assertIn(
            'The Lease "none" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
            hand("create", "-f", "-", input=lease("none", leaseDurationSeconds=0), code=1))
        self.assertRegex(
            hand("create", "-f", "-", input=lease("No_name"), code=1),
            r'metadata.name: Invalid value: "No_name": a lowercase RFC 1123 subdomain must consist of')

    # Apply

    def test_apply(self):
        self.each(self.applies, self.applies_server_side)

    def applies(self, hand):
        first = lease("app", {"a": "1", "b": "2"}, holderIdentity="me", leaseDurationSeconds=15)
        second = lease("app", {"a": "1", "c": "3"}, holderIdentity="me", leaseDurationSeconds=20)
        self.assertEqual(
            "lease.coordination.k8s.io/app created\n", hand("apply", "-f", "-", input=first))
        version = hand.json("get", "lease", "app")["metadata"]["resourceVersion"]
        self.assertEqual(
            "lease.coordination.k8s.io/app unchanged\n", hand("apply", "-f", "-", input=first))
        self.assertEqual(version, hand.json("get", "lease", "app")["metadata"]["resourceVersion"])
        self.assertEqual("", hand("diff", "-f", "-", input=first))
        hand("diff", "-f", "-", input=second, code=1)
        hand("annotate", "lease", "app", "mine=yes")
        self.assertEqual(
            "lease.coordination.k8s.io/app configured (server dry run)\n",
            hand("apply", "--dry-run=server", "-f", "-", input=second))
        self.assertEqual(
            "lease.coordination.k8s.io/app configured\n", hand("apply", "-f", "-", input=second))
        found = hand.json("get", "lease", "app")
        self.assertEqual({"a": "1", "c": "3"}, found["metadata"]["labels"])
        self.assertEqual("yes", found["metadata"]["annotations"]["mine"])
        self.assertEqual(20, found["spec"]["leaseDurationSeconds"])
        self.assertIn("leaseDurationSeconds: 20", hand("apply", "view-last-applied", "lease/app"))
        self.assertEqual(
            "lease.coordination.k8s.io/one created\nlease.coordination.k8s.io/two created\n",
            hand("apply", "-f", "-", input=[lease("one"), lease("two")]))

    def applies_server_side(self, hand):
        ours = lease("ssa", {"a": "1"}, holderIdentity="me")
        theirs = lease("ssa", {"a": "2"}, holderIdentity="them")
        said = "lease.coordination.k8s.io/ssa serverside-applied\n"
        self.assertEqual(said, hand("apply", "--server-side", "-f", "-", input=ours))
        self.assertEqual(said, hand("apply", "--server-side", "-f", "-", input=ours))
        refused = hand("apply", "--server-side", "--field-manager=other", "-f", "-", input=theirs, code=1)
        self.assertIn('Apply failed with 2 conflicts: conflicts with "kubectl"', refused)
        self.assertIn(".spec.holderIdentity", refused)
        self.assertEqual(said, hand(
            "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", input=theirs))
        # Kubectl shows them unasked before 1.21, and knows no such flag.
        path = "/apis/coordination.k8s.io/v1/namespaces/%s/leases/ssa" % hand.namespace
        found = json.loads(hand("get", "--raw", path))
        self.assertEqual(("them", {"a": "2"}), (found["spec"]["holderIdentity"], found["metadata"]["labels"]))
        owners = {entry["manager"]: entry["fieldsV1"] for entry in found["metadata"]["managedFields"]}
        self.assertIn("f:holderIdentity", owners["other"]["f:spec"])
        self.assertNotIn("kubectl", owners)
        self.assertIn("serverside-applied", hand("apply", "--server-side", "--field-manager=other", "-f", "-",
                                                 input=lease("ssa", leaseDurationSeconds=9)))
        found = hand.json("get", "lease", "ssa")
        self.assertEqual({"leaseDurationSeconds": 9}, found["spec"])
        self.assertNotIn("labels", found["metadata"])
        self.assertRegex(
            hand("apply", "--server-side", "-f", "-", input=lease("odd", bogus=1), code=1), "bogus")

    # Change

    def test_change(self):
        self.each(self.labels_and_annotates, self.patches, self.edits, self.replaces)

    def labels_and_annotates(self, hand):
        hand("create", "-f", "-", input=[lease("m1"), lease("m2")])
        self.assertIn("lease.coordination.k8s.io/m1 labeled\n", hand("label", "lease", "m1", "x=y"))
        self.assertIn("already has a value (y)", hand("label", "lease", "m1", "x=z", code=1))
        hand("label", "lease", "m1", "x=z", "--overwrite")
        hand("label", "leases", "--all", "all=1")
        self.assertEqual(["m1"], self.names(hand, "leases", "-l", "x=z"))
        self.assertEqual(["m2"], self.names(hand, "leases", "-l", "all=1,x notin (z)"))
        self.assertEqual(["m1", "m2"], self.names(hand, "leases", "-l", "all in (1,2)"))
        self.assertIn("Z\n", re.sub(" +\n", "\n", hand("get", "leases", "-L", "x", "-l", "x")).upper())
        hand("label", "lease", "m1", "x-")
        self.assertEqual(["m1", "m2"], self.names(hand, "leases", "-l", "!x"))
        hand("annotate", "lease", "m1", "note=hello")
        self.assertIn("note: hello", hand("describe", "lease", "m1"))
        hand("annotate", "lease", "m1", "note-")
        self.assertEqual({"all": "1"}, hand.json("get", "lease", "m1")["metadata"]["labels"])
        self.assertNotIn("annotations", hand.json("get", "lease", "m1")["metadata"])
        hand("delete", "leases", "--all")

    def patches(self, hand):
        hand("create", "-f", "-", input=lease("p", holderIdentity="me", leaseDurationSeconds=15))
        said = "lease.coordination.k8s.io/p patched\n"
        self.assertEqual(said, hand("patch", "lease", "p", "--type=json", "-p", json.dumps([
            {"op": "test", "path": "/spec/leaseDurationSeconds", "value": 15},
            {"op": "replace", "path": "/spec/holderIdentity", "value": "json"}])))
        self.assertEqual("json", hand.json("get", "lease", "p")["spec"]["holderIdentity"])
        hand("patch", "lease", "p", "--type=json", "-p",
             '[{"op":"test","path":"/spec/holderIdentity","value":"nobody"}]', code=1)
        self.assertEqual(said, hand(
            "patch", "lease", "p", "--type=merge", "-p",
            '{"spec":{"holderIdentity":null},"metadata":{"labels":{"a":"1"}}}'))
        found = hand.json("get", "lease", "p")
        self.assertEqual(({"leaseDurationSeconds": 15}, {"a": "1"}), (found["spec"], found["metadata"]["labels"]))
        self.assertEqual(said, hand("patch", "lease", "p", "-p", '{"spec":{"holderIdentity":"strategic"}}'))
        self.assertEqual("strategic", hand.json("get", "lease", "p")["spec"]["holderIdentity"])
        self.assertEqual(
            "lease.coordination.k8s.io/p patched (no change)\n",
            hand("patch", "lease", "p", "-p", '{"spec":{"holderIdentity":"strategic"}}'))
        self.assertIn(
            "must be greater than 0", hand("patch", "lease", "p", "-p", '{"spec":{"leaseDurationSeconds":-1}}', code=1))

    def edits(self, hand):
        hand("create", "-f", "-", input=lease("e", holderIdentity="me"))
        editor = os.path.join(hand.home, "editor")
        with open(editor, "w") as file:
            file.write("#!/bin/sh\nsed -i 's/holderIdentity: me/holderIdentity: edited/' \"$1\"\n")
        os.chmod(editor, 0o755)
        self.assertEqual(
            "lease.coordination.k8s.io/e edited\n", hand("edit", "lease", "e", KUBE_EDITOR=editor))
        self.assertEqual("edited", hand.json("get", "lease", "e")["spec"]["holderIdentity"])
        before = hand.json("get", "lease", "e")
        hand("edit", "lease", "e", KUBE_EDITOR="true")
        self.assertEqual(before, hand.json("get", "lease", "e"))

    def replaces(self, hand):
        hand("create", "-f", "-", input=lease("r", {"a": "1"}, holderIdentity="me"))
        before = hand.json("get", "lease", "r")
        self.assertEqual(
            "lease.coordination.k8s.io/r replaced\n",
            hand("replace", "-f", "-", input=lease("r", holderIdentity="you")))
        found = hand.json("get", "lease", "r")
        self.assertEqual(before["metadata"]["uid"], found["metadata"]["uid"])
        self.assertNotIn("labels", found["metadata"])
        self.assertIn(
            "the object has been modified; please apply your changes to the latest version and try again",
            hand("replace", "-f", "-", input=before, code=1))
        self.assertIn("replaced", hand("replace", "-f", "-", input=found))
        hand("replace", "--force", "-f", "-", input=lease("r", holderIdentity="new"))
        replaced = hand.json("get", "lease", "r")
        self.assertNotEqual(found["metadata"]["uid"], replaced["metadata"]["uid"])
        self.assertEqual("new", replaced["spec"]["holderIdentity"])
        # As a real server has it: a PUT creates what isn't there.
        self.assertIn("replaced", hand("replace", "-f", "-", input=lease("none")))

    # Delete

    def test_delete(self):
        self.each(self.deletes)

    def deletes(self, hand):
        said = hand("create", "-f", "-", input=[
            lease("d%d" % index, {"odd": str(index % 2), "index": str(index)}) for index in range(9)])
        self.assertEqual(9, said.count("created"))
        self.assertIn("(server dry run)", hand("delete", "lease", "d0", "--dry-run=server"))
        self.assertIn('"d0" deleted', hand("delete", "lease", "d0"))
        self.assertIn("not found", hand("delete", "lease", "d0", code=1))
        self.assertEqual("", hand("delete", "lease", "d0", "--ignore-not-found"))
        self.assertIn('"d1" deleted', hand("delete", "-f", "-", input=lease("d1")))
        self.assertIn('"d2" deleted', hand("delete", "lease/d2", "--wait=false"))
        self.assertIn('"d3" deleted', hand("delete", "lease", "d3", "--now"))
        hand("delete", "leases", "-l", "index in (4,5)")
        self.assertEqual(["d6", "d7", "d8"], self.names(hand, "leases"))
        hand("delete", "leases", "--field-selector", "metadata.name=d6")
        self.assertEqual(["d7", "d8"], self.names(hand, "leases"))
        path = "/apis/coordination.k8s.io/v1/namespaces/%s/leases" % hand.namespace
        # What nothing but a collection's own delete does.
        hand("delete", "--raw", path + "?labelSelector=index%3D7")
        self.assertEqual(["d8"], self.names(hand, "leases"))
        hand("delete", "leases", "--all")
        self.assertEqual([], self.names(hand, "leases"))

    # Watch and wait

    def test_watch_and_wait(self):
        # One after the other: the daemon tells how many watch, and not who.
        self.each(self.watches, self.waits, at_once=False)

    def watches(self, hand):
        hand("create", "-f", "-", input=lease("w", holderIdentity="first"))
        watch = hand.start("get", "lease", "w", "-w", "--output-watch-events", "-o", "json")
        rows = hand.start("get", "leases", "-w", "-l", "!hidden")
        for running in (watch, rows):
            running.until_says("first")
        for holder in ("second", "third"):
            hand("patch", "lease", "w", "-p", json.dumps({"spec": {"holderIdentity": holder}}))
            for running in (watch, rows):
                running.until_says(holder)
        hand("create", "-f", "-", input=lease("other", holderIdentity="another"))
        rows.until_says("another")
        # What doesn't match any more goes, and comes again.
        hand("label", "lease", "w", "hidden=yes")
        hand("label", "lease", "w", "hidden-")
        hand("delete", "lease", "w")
        watch.until_says('"DELETED"')
        events = list(documents(watch.out))
        self.assertEqual(
            ["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"], [event["type"] for event in events])
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
        self.assertEqual(sorted(set(versions)), versions)
        self.assertEqual(
            ["first", "second", "third", "third", "third", "third"],
            [event["object"]["spec"]["holderIdentity"] for event in events])
        self.assertNotIn("another", watch.out)
        watch.kill()
        rows.kill()
        until(lambda: self.watches_open() == 0, "nobody watches")

    def waits(self, hand):
        hand("create", "-f", "-", input=[lease("gone"), lease("stays"), marker("built")])
        for what in ("lease.coordination.k8s.io/gone", "donemarker.coordination.baton.dev/built"):
            waiting = hand.start("wait", "--for=delete", what, "--timeout=60s")
            # One that begins to wait for what is gone already says something else, or nothing.
            until(lambda: self.watches_open() == 1, "it waits")
            hand("delete", what)
            self.assertIn(what + " condition met", waiting.wait())
            until(lambda: self.watches_open() == 0, "it waits no more")
        self.assertIn("timed out", hand("wait", "--for=delete", "lease/stays", "--timeout=100ms", code=1))
        self.waits_for_markers(hand)
        if hand.version < 31:
            return
        changes = hand.start("wait", "--for=jsonpath={.spec.holderIdentity}=me", "lease/stays", "--timeout=60s")
        hand("patch", "lease", "stays", "-p", '{"spec":{"holderIdentity":"me"}}')
        self.assertIn("condition met", changes.wait())
        comes = hand.start("wait", "--for=create", "lease/comes", "--timeout=60s")
        hand("create", "-f", "-", input=lease("comes"))
        self.assertIn("condition met", comes.wait())

    def waits_for_markers(self, hand):
        """Of what /v1 completes, and completes again after a failure.

        A marker that was deleted before the next is there would end the wait: kubectl looks again, and finds none.
        """
        def works(fields, **outcome):
            path, claim = "namespaces/%s/leases/work/" % hand.namespace, {"holderIdentity": "run-1"}
            token = self.v1("POST", path + "campaign", dict(claim, **fields))["fencingToken"]
            self.v1("POST", path + "complete", dict(claim, fencingToken=token, **outcome))

        rows = hand.start("get", "dm", "-w")
        until(lambda: self.watches_open() == 1, "rows are watched")
        works({}, outcome="Failed", reason="no disk")
        rows.until_says("Failed")
        waiting = hand.start("wait", "--for=condition=Succeeded", "dm/work", "--timeout=60s")
        until(lambda: self.watches_open() == 2, "it waits")
        works({"supersedes": int(hand.json("get", "dm", "work")["metadata"]["resourceVersion"])})
        self.assertIn("condition met", waiting.wait())
        self.assertIn("condition met", hand("wait", "--for=condition=Done", "dm/work", "--timeout=60s"))
        rows.until_says("Succeeded")
        rows.kill()

    # Namespaces and markers

    def test_namespaces(self):
        self.each(self.namespaces)

    def namespaces(self, hand):
        name = hand.namespace + "-made"
        self.assertEqual("namespace/%s created\n" % name, hand("create", "ns", name))
        self.assertIn("already exists", hand("create", "ns", name, code=1))
        hand("label", "ns", name, "team=x")
        self.assertEqual([name], self.names(hand, "ns", "-l", "team=x", "--field-selector", "metadata.name=" + name))
        self.assertRegex(hand("get", "ns", name), r"Active +\d+s")
        self.assertRegex(hand("describe", "ns", name), r"(?s)Labels:.*team=x.*Status: +Active")
        hand("create", "-n", name, "-f", "-", input=[lease("in", holderIdentity="me"), marker("done")])
        # The watch that kubectl waits by, and what is told to those who hold.
        held = self.v1("POST", "namespaces/%s/leases/held/campaign" % name, {"holderIdentity": "run-1"})
        self.assertIn('namespace "%s" deleted' % name, hand("delete", "ns", name))
        self.assertIn("not found", hand("get", "ns", name, code=1))
        self.assertEqual([], self.names(hand, "leases,dm", "-n", name))
        ended = self.v1(
            "POST", "namespaces/%s/leases/held/renew" % name,
            {"holderIdentity": "run-1", "fencingToken": held["fencingToken"]}, status=409)
        self.assertEqual("urn:baton:problem:hold-ended", ended["type"])
        # Made by a name in an object, and by apply.
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": "z"}}}
        self.assertIn("created", hand("apply", "-f", "-", input=[document, lease("again")]))
        self.assertIn("unchanged", hand("apply", "-f", "-", input=document))
        hand("delete", "-f", "-", input=document)

    def test_done_markers(self):
        self.each(self.markers)

    def markers(self, hand):
        document = marker("built", result={"image": "registry/x@sha256:1"}, reason="because")
        self.assertIn("built created", hand("create", "-f", "-", input=document))
        hand("label", "dm", "built", "kind=image")
        self.assertEqual(["built"], self.names(hand, "dm", "-l", "kind=image"))
        self.assertIn("condition met", hand("wait", "--for=condition=Succeeded", "dm/built", "--timeout=60s"))
        found = self.v1("GET", "namespaces/%s/markers/built" % hand.namespace)["marker"]
        self.assertEqual({"image": "registry/x@sha256:1"}, found["result"])
        self.assertRegex(
            hand("patch", "dm", "built", "--type=merge", "-p", '{"spec":{"outcome":"Failed"}}', code=1),
            "a done marker doesn't change")
        self.assertEqual(
            "registry/x@sha256:1", hand("get", "dm", "built", "-o", "jsonpath={.spec.result.image}"))
        self.assertIn("created", hand("apply", "-f", "-", input=marker("applied")))
        self.assertIn("unchanged", hand("apply", "-f", "-", input=marker("applied")))
        self.assertIn("deleted", hand("delete", "dm", "built"))
        self.assertIn("not found", hand("get", "dm", "built", code=1))
        odd = marker("odd", bogus="1")
        self.assertRegex(hand("create", "-f", "-", input=odd, code=1), "bogus")


def documents(text):
    """JSON after JSON."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text.rstrip()):
        value, end = decoder.raw_decode(text[place:].lstrip())
        place += len(text[place:]) - len(text[place:].lstrip()) + end
        yield value
