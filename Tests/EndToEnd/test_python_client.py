"""The unmodified Python client: its calls, watches that are resumed, and its leader election."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import python_client
from kubectl import WithTokens
from support import abort, environment, free_port, read, until

try:
    import urllib3
    from kubernetes import client, config, watch
    from kubernetes.client.rest import ApiException
except ImportError:
    # Each test says so: python_client.MISSING.
    pass

SECONDS = 40
HERE = os.path.dirname(os.path.abspath(__file__))
MARKERS = ("coordination.baton.dev", "v1", "ci", "donemarkers")


def lease(name, holder=None, duration=None, labels=None):
    return client.V1Lease(
        metadata=client.V1ObjectMeta(name=name, labels=labels),
        spec=client.V1LeaseSpec(holder_identity=holder, lease_duration_seconds=duration))


class WithClient(WithTokens):
    def setUp(self):
        self.assertIsNone(python_client.MISSING)
        super().setUp()
        config.load_kube_config(self.configs["ops"])
        self.leases = client.CoordinationV1Api()


class Calls(WithClient):
    def refused(self, status, reason, call, *arguments, **named):
        with self.assertRaises(ApiException) as caught:
            call(*arguments, **named)
        said = json.loads(caught.exception.body)
        self.assertEqual((status, reason), (caught.exception.status, said["reason"]), said)
        return said["message"]

    def test_leases(self):
        api = self.leases
        made = api.create_namespaced_lease("ci", lease("a", "me", 15, {"app": "x"}))
        self.assertEqual(("a", "ci", "me", 15), (
            made.metadata.name, made.metadata.namespace, made.spec.holder_identity, made.spec.lease_duration_seconds))
        self.refused(409, "AlreadyExists", api.create_namespaced_lease, "ci", lease("a"))
        self.assertEqual(made, api.read_namespaced_lease("a", "ci"))
        made.spec.holder_identity = "you"
        replaced = api.replace_namespaced_lease("a", "ci", made)
        self.assertGreater(int(replaced.metadata.resource_version), int(made.metadata.resource_version))
        self.refused(409, "Conflict", api.replace_namespaced_lease, "a", "ci", made)
        self.refused(404, "NotFound", api.read_namespaced_lease, "none", "ci")
        self.refused(422, "Invalid", api.create_namespaced_lease, "ci", lease("b", duration=-1))
        patched = api.patch_namespaced_lease("a", "ci", {"spec": {"holderIdentity": "they"}, "metadata": {
            "labels": {"app": None, "b": "c"}}})
        self.assertEqual(("they", {"b": "c"}), (patched.spec.holder_identity, patched.metadata.labels))
        patched = api.patch_namespaced_lease(
            "a", "ci", [{"op": "replace", "path": "/spec/holderIdentity", "value": "json"}])
        self.assertEqual("json", patched.spec.holder_identity)
        self.assertEqual("dry", api.patch_namespaced_lease(
            "a", "ci", {"spec": {"holderIdentity": "dry"}}, dry_run="All").spec.holder_identity)
        for name in ("b", "c", "d"):
            api.create_namespaced_lease("ci", lease(name, labels={"of": "many"}))
        part = api.list_namespaced_lease("ci", limit=3)
        rest = api.list_namespaced_lease("ci", limit=3, _continue=part.metadata._continue)
        self.assertEqual(list("abcd"), [item.metadata.name for item in part.items + rest.items])
        self.assertEqual("json", part.items[0].spec.holder_identity)
        self.assertEqual(4, len(api.list_lease_for_all_namespaces().items))
        gone = api.delete_namespaced_lease("a", "ci")
        self.assertEqual("Success", (gone if isinstance(gone, dict) else gone.to_dict())["status"])
        api.delete_collection_namespaced_lease("ci", label_selector="of=many", field_selector="metadata.name!=c")
        self.assertEqual(["c"], [item.metadata.name for item in api.list_namespaced_lease("ci").items])

    def test_markers_and_namespaces(self):
        api, core = client.CustomObjectsApi(), client.CoreV1Api()
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="ci", labels={"team": "x"})))
        self.assertEqual("Active", core.read_namespace("ci").status.phase)
        body = {"apiVersion": "coordination.baton.dev/v1", "kind": "DoneMarker", "metadata": {"name": "built"},
                "spec": {"outcome": "Succeeded", "holderIdentity": "run-1", "result": {"image": "x@sha256:1"}}}
        made = api.create_namespaced_custom_object(*MARKERS, body)
        self.assertEqual({"image": "x@sha256:1"}, made["spec"]["result"])
        self.assertEqual(made, api.get_namespaced_custom_object(*MARKERS, "built"))
        self.assertEqual(
            {"image": "x@sha256:1"}, self.v1("GET", "namespaces/ci/markers/built")["marker"]["result"])
        patched = api.patch_namespaced_custom_object(*MARKERS, "built", {"metadata": {"labels": {"a": "b"}}})
        self.assertEqual({"a": "b"}, patched["metadata"]["labels"])
        self.assertEqual(
            ["built"], [item["metadata"]["name"] for item in api.list_namespaced_custom_object(
                *MARKERS, label_selector="a=b")["items"]])
        self.assertEqual({"Done": "True", "Succeeded": "True", "Failed": "False"}, {
            condition["type"]: condition["status"] for condition in made["status"]["conditions"]})
        self.assertEqual("Success", api.delete_namespaced_custom_object(*MARKERS, "built")["status"])
        self.assertEqual(["ci"], [item.metadata.name for item in core.list_namespace().items])
        self.leases.create_namespaced_lease("ci", lease("in"))
        core.delete_namespace("ci")
        until(lambda: not core.list_namespace().items, "the namespace is gone")
        self.assertEqual([], self.leases.list_namespaced_lease("ci").items)


class Relay:
    """A proxy for a daemon's port that can cut all its connections. It passes bytes on, and knows no TLS."""

    def __init__(self, target):
        self.target, self.port, self.pairs, self.lock = target, free_port(), [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=30)
            except OSError:
                abort(near)
                continue
            far.settimeout(None)
            with self.lock:
                self.pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """Both peers see their connections end in the middle of whatever they were saying."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()
        self.cut()


class Follower(threading.Thread):
    """Watches the leases of a namespace as a user of the client does: what breaks is resumed where it was."""

    def __init__(self, api, since, until_name):
        super().__init__(daemon=True)
        self.api, self.version, self.until_name = api, since, until_name
        self.seen, self.resumptions, self.failure = [], 0, None
        self.start()

    def run(self):
        while self.failure is None:
            try:
                if self.follow():
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)
            except ApiException as error:
                # 503: it stops or isn't ready. Nothing else may come.
                if error.status != 503:
                    self.failure = error
            except Exception as error:  # noqa: B902  told to the test
                self.failure = error
            self.resumptions += 1

    def follow(self):
        stream = watch.Watch().stream(self.api.list_namespaced_lease, "ci", resource_version=self.version)
        for event in stream:
            found = event["object"]
            self.version = found.metadata.resource_version
            self.seen.append(
                (event["type"], found.metadata.name, int(self.version), found.spec.holder_identity))
            if found.metadata.name == self.until_name:
                return True


class Watches(WithClient):
    def api_at(self, port):
        path = self.path("kubeconfig-%d" % port)
        with open(self.configs["ops"]) as file:
            text = file.read().replace(":%d" % self.batond.tls_port, ":%d" % port)
        self.write_config(text, path)
        return client.CoordinationV1Api(config.new_client_from_config(path))

    def test_a_watch_is_resumed_without_a_gap(self):
        relay = Relay(self.batond.tls_port)
        self.addCleanup(relay.close)
        first = self.leases.create_namespaced_lease("ci", lease("first"))
        since = first.metadata.resource_version
        follower = Follower(self.api_at(relay.port), since, "last")
        stop, acknowledged = threading.Event(), []
        writer = threading.Thread(target=self.write, args=(stop, acknowledged), daemon=True)
        writer.start()
        for disturb in [relay.cut, relay.cut, self.batond.restart] * 3:
            goal = len(follower.seen) + 25
            until(lambda: len(follower.seen) >= goal or follower.failure, "events come")
            disturb()
        stop.set()
        writer.join()
        last = self.leases.create_namespaced_lease("ci", lease("last"))
        until(lambda: not follower.is_alive(), "all events come: %s" % (follower.seen[-3:],))
        self.assertIsNone(follower.failure)
        # Who was never disturbed.
        truth = Follower(self.leases, since, "last")
        until(lambda: not truth.is_alive(), "all events come again")
        self.assertEqual(truth.seen, follower.seen)
        versions = [version for _, _, version, _ in follower.seen]
        self.assertEqual(sorted(set(versions)), versions)
        self.assertEqual(int(last.metadata.resource_version), versions[-1])
        self.assertEqual([], [write for write in acknowledged if write not in follower.seen])
        self.assertGreaterEqual(follower.resumptions, 6)
        self.note("%d events, %d of them acknowledged writes, over %d resumptions" % (
            len(versions), len(acknowledged), follower.resumptions))

    def write(self, stop, acknowledged):
        """Creates, patches and deletes, and keeps those that were answered."""
        round = 0
        while not stop.is_set():
            name, holder = "work-%d" % (round % 7), "run-%d" % round
            for write in (
                    lambda: self.leases.create_namespaced_lease("ci", lease(name, holder, 60)),
                    lambda: self.leases.patch_namespaced_lease(name, "ci", {"metadata": {"labels": {"a": holder}}}),
                    lambda: self.leases.delete_namespaced_lease(name, "ci") if round % 3 else None):
                try:
                    found = write()
                except (ApiException, urllib3.exceptions.HTTPError):
                    # Unknown, or there already, or not there: the follower says which.
                    continue
                if isinstance(found, client.V1Lease):
                    kind = "MODIFIED" if found.metadata.labels else "ADDED"
                    acknowledged.append(
                        (kind, name, int(found.metadata.resource_version), found.spec.holder_identity))
            round += 1
            time.sleep(0.002)


DURATION = 3


class Elections(WithClient):
    """Leaders that are killed, and a campaign of /v1 between them."""

    def setUp(self):
        super().setUp()
        self.electors = {}
        self.addCleanup(lambda: [process.kill() or process.wait() for process in self.electors.values()])
        # By whom, from when, until when: nobody else may begin in between.
        self.spans = []

    def elector(self, name):
        path = [python_client.FOLDER] if os.path.isdir(python_client.FOLDER) else []
        self.electors[name] = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "elector.py"), self.configs["run"], "ci", "leader", name,
             str(DURATION), self.path(name)],
            env=environment(HOME=self.folder, PYTHONPATH=os.pathsep.join(path)), stdin=subprocess.DEVNULL)

    def log(self, name):
        return [json.loads(line) for line in read(self.path(name)).splitlines(keepends=True) if line.endswith("\n")]

    def leader(self):
        """Who says that it leads, and wasn't killed."""
        leaders = [
            name for name, process in self.electors.items()
            if process.poll() is None and any(entry["event"] == "elected" for entry in self.log(name))]
        self.assertLessEqual(len(leaders), 1)
        return leaders and leaders[0]

    def kill_leader(self):
        name = until(self.leader, "there is a leader")
        self.electors[name].send_signal(signal.SIGKILL)
        self.electors[name].wait()
        return name

    def test_never_two_leaders(self):
        for index in range(4):
            self.elector("elector-%d" % index)
        for round in range(2):
            until(self.leader, "there is a leader")
            campaign = threading.Thread(target=self.campaign, args=("run-%d" % round,), daemon=True)
            campaign.start()
            until(lambda: self.queue() == 1, "it waits for the leader")
            self.kill_leader()
            campaign.join(60)
        self.kill_leader()
        last = until(self.leader, "there is a leader again")
        self.assertEqual([], [
            (name, entry) for name in self.electors for entry in self.log(name) if entry["event"] == "lost"])
        self.judge(last)

    def queue(self):
        return self.v1("GET", "namespaces/ci/leases/leader")["queueLength"]

    def campaign(self, holder):
        """Waits, holds for longer than the others' patience, and resigns."""
        path = "namespaces/ci/leases/leader/"
        elected = self.v1("POST", path + "campaign?wait=20s", {
            "holderIdentity": holder, "marker": "none", "leaseDuration": "%ds" % DURATION})
        began = time.monotonic()
        self.assertEqual(("elected", "expired"), (elected["outcome"], elected["previous"]["end"]))
        claim = {"holderIdentity": holder, "fencingToken": elected["fencingToken"]}
        while time.monotonic() < began + DURATION + 1:
            self.v1("POST", path + "renew", claim)
            time.sleep(0.5)
        self.spans.append((began, time.monotonic(), holder))
        self.v1("POST", path + "resign", claim)

    def judge(self, last):
        """No two at a time, by everybody's own clock, and by the daemon's record."""
        for name in self.electors:
            written = [entry for entry in self.log(name) if entry["event"] == "written"]
            if written:
                # A lease is nobody else's before its duration is over, and that begins when it was sent at the soonest.
                self.spans.append((written[0]["answered"], written[-1]["sent"] + DURATION, name))
        self.spans.sort()
        self.assertEqual(6, len(self.spans), self.spans)
        for (_, ended, _), (began, _, _) in zip(self.spans, self.spans[1:]):
            self.assertLessEqual(ended, began, self.spans)
        holds = sorted(self.v1("GET", "namespaces/ci/leases/leader/history")["items"], key=lambda hold: hold["fencingToken"])
        self.assertEqual([name for _, _, name in self.spans], [hold["holderIdentity"] for hold in holds])
        self.assertEqual(last, holds[-1]["holderIdentity"])
        for earlier, later in zip(holds, holds[1:]):
            self.assertLessEqual(earlier["endTime"], later["beginTime"])
            self.assertIn(earlier["end"], ("resigned", "expired"))
