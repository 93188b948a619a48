"""Watches of the Kubernetes face, over raw sockets: what is told, in which order, and what isn't told twice."""

import http.client
import json
import socket
import struct
import threading
import time

from support import PATIENCE, Story, until

LEASES = "/apis/coordination.k8s.io/v1/namespaces/%s/leases"
MARKERS = "/apis/coordination.baton.dev/v1/namespaces/%s/donemarkers"
INITIAL = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PROTOBUF = "application/vnd.kubernetes.protobuf;stream=watch"


class Watch:
    """One watch, read as it comes. Chunks are taken apart here: what the daemon frames is what is tested."""

    def __init__(self, daemon, path, accept="application/json", version="1.1"):
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", daemon.port))
        self.socket.sendall(("GET %s HTTP/%s\r\nHost: x\r\nAccept: %s\r\n\r\n" % (path, version, accept)).encode())
        self.raw = self.socket.makefile("rb")
        self.status = int(self.raw.readline().split()[1])
        self.headers = http.client.parse_headers(self.raw)
        self.rest = b""
        # Whether the stream came to its own end.
        self.is_whole = False

    def more(self):
        """Bytes of the body that come next; none at the end."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.raw.read1(65536)
        size = self.raw.readline()
        if not size:
            return b""
        count = int(size, 16)
        data = self.raw.read(count)
        assert self.raw.readline() == b"\r\n"
        self.is_whole = count == 0
        return data

    def event(self):
        """The next one; None at the end."""
        while b"\n" not in self.rest:
            try:
                data = self.more()
            except ConnectionError:
                return None
            if not data:
                assert self.rest == b"", self.rest
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def events(self):
        return list(iter(self.event, None))

    def frame(self):
        """Of protobuf: type and object."""
        while len(self.rest) < 4 or len(self.rest) < 4 + struct.unpack(">I", self.rest[:4])[0]:
            data = self.more()
            if not data:
                return None
            self.rest += data
        count = struct.unpack(">I", self.rest[:4])[0]
        event, self.rest = self.rest[4:4 + count], self.rest[4 + count:]
        assert event[0] == 0x0A
        return event[2:2 + event[1]].decode(), event[2 + event[1]:]

    def close(self):
        try:
            # Whoever reads in another thread holds the file's lock until there is an end.
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.raw.close()
        self.socket.close()


def version(event):
    return int(event["object"]["metadata"]["resourceVersion"])


def name(event):
    return event["object"]["metadata"].get("name")


def facts(event):
    return event["type"], name(event), version(event)


class Watches(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()
        self.open = []

    def tearDown(self):
        for watch in self.open:
            watch.close()
        super().tearDown()

    def watch(self, query="", path=LEASES % "ci", **options):
        watch = Watch(self.batond, path + "?watch=true" + query, **options)
        self.open.append(watch)
        self.assertEqual(200, watch.status)
        return watch

    def get(self, path):
        return self.client.send("GET", path, documented=False)

    def list_version(self, path=LEASES % "ci"):
        return int(self.get(path)["metadata"]["resourceVersion"])

    def lease_version(self, lease):
        return int(self.get((LEASES % "ci") + "/" + lease)["metadata"]["resourceVersion"])

    def cycle(self, lease, client=None, holder="anna"):
        """Elected, and given back: two changes."""
        client = client or self.client
        elected = client.campaign(lease, holder, marker="none")
        self.assertEqual("elected", elected.outcome, elected)
        client.resign(lease, holder, elected["fencingToken"])

    # What is told

    def test_what_happens_is_told_as_the_reference_tells_it(self):
        start = self.list_version()
        watch = self.watch("&resourceVersion=%d" % start)
        self.assertEqual("application/json", watch.headers["Content-Type"])
        self.assertEqual("chunked", watch.headers["Transfer-Encoding"])
        self.cycle("build")
        first, second = watch.event(), watch.event()
        self.assertEqual(("ADDED", "build"), facts(first)[:2])
        self.assertEqual("anna", first["object"]["spec"]["holderIdentity"])
        self.assertEqual(("MODIFIED", "build"), facts(second)[:2])
        self.assertNotIn("holderIdentity", second["object"]["spec"])
        self.assertLess(start, version(first))
        self.assertLess(version(first), version(second))
        got = self.get((LEASES % "ci") + "/build").body
        self.assertEqual(second["object"], got)
        # What is deleted comes as it was, at a version of its own.
        self.assertEqual(200, self.client.send(
            "DELETE", (LEASES % "ci") + "/build", documented=False).status)
        last = watch.event()
        self.assertEqual(("DELETED", "build"), facts(last)[:2])
        self.assertLess(version(second), version(last))

    def test_a_marker_and_the_lease_of_its_work(self):
        leases = self.watch("&resourceVersion=%d" % self.list_version())
        markers = self.watch(path=MARKERS % "ci")
        everywhere = self.watch(path="/apis/coordination.baton.dev/v1/donemarkers")
        elsewhere = self.watch("&timeoutSeconds=1", path=MARKERS % "other")
        elected = self.client.campaign("build", "anna")
        self.client.complete("build", "anna", elected["fencingToken"], result={"a": "b"})
        for watch in (markers, everywhere):
            event = watch.event()
            self.assertEqual(("ADDED", "build"), facts(event)[:2])
            self.assertEqual({"a": "b"}, event["object"]["spec"]["result"])
        self.assertEqual(["ADDED", "MODIFIED"], [leases.event()["type"] for _ in range(2)])
        self.assertEqual([], elsewhere.events())

    def test_namespaces_come_and_go(self):
        watch = self.watch(path="/api/v1/namespaces")
        self.cycle("build", client=self.batond.client(namespace="new"))
        event = watch.event()
        self.assertEqual(("ADDED", "new"), facts(event)[:2])
        self.assertEqual("Active", event["object"]["status"]["phase"])
        self.assertEqual(200, self.client.send("DELETE", "/api/v1/namespaces/new", documented=False).status)
        kinds = []
        while kinds[-1:] != ["DELETED"]:
            event = watch.event()
            self.assertEqual("new", name(event))
            kinds.append(event["type"])

    def test_without_a_version_what_is_there_comes_first(self):
        for lease in ("a", "b"):
            self.cycle(lease)
        for query in ("", "&resourceVersion=0"):
            watch = self.watch(query)
            self.assertEqual([("ADDED", "a"), ("ADDED", "b")], [facts(watch.event())[:2] for _ in range(2)])
        self.cycle("c")
        self.assertEqual([("ADDED", "c"), ("MODIFIED", "c")], [facts(watch.event())[:2] for _ in range(2)])

    def test_initial_events_end_with_a_bookmark(self):
        self.cycle("a")
        watch = self.watch(INITIAL)
        self.assertEqual(("ADDED", "a"), facts(watch.event())[:2])
        mark = watch.event()
        self.assertEqual("BOOKMARK", mark["type"])
        self.assertEqual({"k8s.io/initial-events-end": "true"}, mark["object"]["metadata"]["annotations"])
        self.assertLessEqual(self.lease_version("a"), version(mark))
        self.cycle("b")
        self.assertEqual(("ADDED", "b"), facts(watch.event())[:2])

    def test_one_name(self):
        self.cycle("a")
        watch = self.watch("&fieldSelector=metadata.name%3Db" + INITIAL)
        self.assertEqual("BOOKMARK", watch.event()["type"])
        self.cycle("a")
        self.cycle("b")
        self.assertEqual([("ADDED", "b"), ("MODIFIED", "b")], [facts(watch.event())[:2] for _ in range(2)])

    def test_labels_that_come_and_go(self):
        def label(value):
            answer = self.client.send(
                "PATCH", (LEASES % "ci") + "/build", documented=False,
                headers={"Content-Type": "application/merge-patch+json"},
                body={"metadata": {"labels": {"tier": value}}})
            self.assertEqual(200, answer.status, answer)

        self.cycle("build")
        start = self.list_version()
        gold = "&labelSelector=tier%%3Dgold&resourceVersion=%d" % start
        watch = self.watch(gold)
        for value in ("tin", "gold", "gold-plated", "gold"):
            label(value)
        self.cycle("build")
        live = [facts(watch.event()) for _ in range(5)]
        self.assertEqual(["ADDED", "DELETED", "ADDED", "MODIFIED", "MODIFIED"], [kind for kind, _, _ in live])
        # From the journal it is the same.
        self.batond.restart()
        self.client.close()
        again = self.watch(gold)
        self.assertEqual(live, [facts(again.event()) for _ in range(5)])

    # Forms

    def test_a_table_has_its_columns_once(self):
        watch = self.watch(accept=TABLE)
        self.cycle("a")
        first, second = watch.event(), watch.event()
        self.assertEqual(
            ["Name", "Holder", "Age"], [column["name"] for column in first["object"]["columnDefinitions"]])
        self.assertEqual(["a", "anna"], first["object"]["rows"][0]["cells"][:2])
        self.assertIsNone(second["object"]["columnDefinitions"])
        # Who comes later has them again, in the first event.
        later = self.watch("&resourceVersion=%d" % self.list_version(), accept=TABLE)
        self.cycle("b")
        self.assertIsNotNone(later.event()["object"]["columnDefinitions"])
        self.assertIsNone(watch.event()["object"]["columnDefinitions"])

    def test_protobuf_is_framed_by_length(self):
        watch = self.watch(accept=PROTOBUF)
        self.assertEqual(PROTOBUF, watch.headers["Content-Type"])
        self.cycle("build")
        for kind in ("ADDED", "MODIFIED"):
            found, body = watch.frame()
            self.assertEqual(kind, found)
            self.assertIn(b"k8s\0", body)
            self.assertIn(b"build", body)

    def test_an_old_client_gets_lines_without_chunks(self):
        watch = self.watch("&timeoutSeconds=2", version="1.0")
        self.assertIsNone(watch.headers["Transfer-Encoding"])
        self.cycle("a")
        self.assertEqual(["ADDED", "MODIFIED"], [event["type"] for event in watch.events()])

    # Ends

    def test_the_end_comes_at_its_time_and_is_clean(self):
        watch = self.watch("&timeoutSeconds=1&allowWatchBookmarks=true")
        self.cycle("a")
        begun = time.monotonic()
        events = watch.events()
        self.assertLess(time.monotonic() - begun, 0.5 * PATIENCE)
        self.assertTrue(watch.is_whole)
        self.assertEqual(["ADDED", "MODIFIED", "BOOKMARK"], [event["type"] for event in events])
        self.assertEqual(self.list_version(), version(events[-1]))
        # The connection goes on.
        watch.socket.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"200", watch.raw.readline())

    def test_a_bookmark_comes_before_the_end_though_nothing_concerned_the_watch(self):
        watch = self.watch("&timeoutSeconds=3&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dnone")
        self.cycle("a")
        events = watch.events()
        self.assertEqual({"BOOKMARK"}, {event["type"] for event in events})
        self.assertEqual(self.list_version(), version(events[-1]))

    def test_a_daemon_that_stops_ends_watches(self):
        watch = self.watch()
        self.assertEqual(0, self.batond.stop())
        self.assertEqual([], watch.events())
        self.assertTrue(watch.is_whole)

    def test_a_version_that_is_gone_is_an_event(self):
        self.batond.stop()
        self.batond.settings.update({"journal.retention": "1s"})
        self.batond.start()
        self.client.close()
        self.cycle("a")

        def gone():
            self.cycle("b")
            watch = self.watch("&resourceVersion=1&timeoutSeconds=1")
            first = watch.event()
            return first if first["type"] == "ERROR" else None

        error = until(gone, "the journal was compacted", every=0.2)
        status = error["object"]
        self.assertEqual((410, "Expired"), (status["code"], status["reason"]))
        self.assertRegex(status["message"], r"^too old resource version: 1 \(\d+\)$")

    def test_a_version_of_the_future_is_waited_for(self):
        watch = self.watch("&timeoutSeconds=1&resourceVersion=%d" % (self.list_version() + 1000))
        self.cycle("a")
        self.assertEqual([], watch.events())

    def test_a_reader_that_does_not_read_is_cut_off_and_told_so(self):
        self.batond.stop()
        self.batond.settings.update({"http.writeBacklogBytes": 65536})
        self.batond.start()
        self.client.close()
        slow = self.watch(path=MARKERS % "ci")
        good = self.watch(path=MARKERS % "ci")
        seen = []

        def listen():
            for event in iter(good.event, None):
                seen.append(name(event))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        result = {"log": "x" * 60_000}
        count = 0

        def is_cut_off():
            nonlocal count
            for _ in range(20):
                answer = self.client.send(
                    "PUT", self.client.path("markers/m%d" % count), {"holderIdentity": "anna", "result": result})
                self.assertEqual(201, answer.status, answer)
                count += 1
            return self.metric("baton_watches_cut_off_total") == 1

        until(is_cut_off, "the reader that doesn't read is cut off")
        self.assertEqual(1, self.metric("baton_watches"))
        events = slow.events()
        self.assertTrue(slow.is_whole)
        self.assertEqual((429, "TooManyRequests"), (
            events[-1]["object"]["code"], events[-1]["object"]["reason"]))
        # All before that in order, from the first.
        self.assertEqual(["m%d" % index for index in range(len(events) - 1)], [name(e) for e in events[:-1]])
        # Who reads doesn't notice.
        until(lambda: len(seen) == count, "the other was told of everything")
        self.assertEqual(["m%d" % index for index in range(count)], seen)

    def metric(self, metric):
        text = self.client.send("GET", "/metrics").raw.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(metric + " "))

    def test_there_are_as_many_watches_as_may_be(self):
        self.batond.stop()
        self.batond.settings.update({"watches.perClient": 2})
        self.batond.start()
        self.client.close()
        first, _ = self.watch(), self.watch()
        refused = self.get((LEASES % "ci") + "?watch=1")
        self.assertEqual(429, refused.status)
        self.assertIn("watches.perClient", refused["message"])
        first.close()
        self.open.remove(first)
        until(lambda: self.metric("baton_watches") == 1, "its place is free")
        self.watch()

    # Nothing is lost, nothing comes twice

    def writers(self, stop, count=3):
        """They elect and give back until they are told to stop. They bear a daemon that is away."""
        def write(index):
            client = self.batond.client()
            turn = 0
            while not stop.is_set():
                turn += 1
                try:
                    self.cycle("w%d-%d" % (index, turn % 5), client, "h%d" % index)
                except Exception:  # noqa: a daemon that was killed
                    client.close()
                    time.sleep(0.02)
        threads = [threading.Thread(target=write, args=(index,), daemon=True) for index in range(count)]
        for thread in threads:
            thread.start()
        return threads

    def truth(self, start):
        """All that happened after a version, told at once from the journal."""
        end = self.list_version()
        watch = self.watch("&resourceVersion=%d&timeoutSeconds=1&allowWatchBookmarks=true" % start)
        events = [facts(event) for event in watch.events()]
        self.assertEqual("BOOKMARK", events[-1][0])
        return [event for event in events[:-1] if event[2] <= end], end

    def follow(self, start, stop, ended, breaks):
        """A client that goes on where it was, whatever becomes of its connection."""
        seen, last = [], start
        while not ended.is_set():
            try:
                watch = Watch(self.batond, (LEASES % "ci") + "?watch=1&timeoutSeconds=1&resourceVersion=%d" % last)
            except OSError:
                time.sleep(0.02)
                continue
            for index, event in enumerate(iter(watch.event, None)):
                seen.append(facts(event))
                last = version(event)
                if index == breaks:
                    break
            watch.close()
        return seen

    def test_who_comes_back_misses_nothing_and_hears_nothing_twice(self):
        self.cycle("w0-0")
        start = self.list_version()
        stop, ended = threading.Event(), threading.Event()
        threads = self.writers(stop)
        results = {}
        readers = [
            threading.Thread(target=lambda b=b: results.update({b: self.follow(start, stop, ended, b)}), daemon=True)
            for b in (0, 3, 40, 1000)]
        for reader in readers:
            reader.start()
        until(lambda: self.list_version() > start + 400, "much happened")
        stop.set()
        for thread in threads:
            thread.join()
        truth, end = self.truth(start)
        # Each follows until it was told of all.
        time_to_end = threading.Timer(2.5, ended.set)
        time_to_end.start()
        for reader in readers:
            reader.join(PATIENCE)
        self.assertGreater(len(truth), 200)
        self.assertEqual(sorted(truth, key=lambda event: event[2]), truth)
        for breaks, seen in results.items():
            self.assertEqual(truth, [event for event in seen if event[2] <= end][:len(truth)], breaks)
            self.assertEqual(len(truth), len(seen), breaks)

    def test_a_daemon_that_is_killed_takes_back_nothing_that_was_told(self):
        self.cycle("w0-0")
        start = self.list_version()
        stop, ended = threading.Event(), threading.Event()
        threads = self.writers(stop)
        results = {}
        readers = [
            threading.Thread(target=lambda b=b: results.update({b: self.follow(start, stop, ended, b)}), daemon=True)
            for b in (3, 1000)]
        for reader in readers:
            reader.start()
        reached = start
        for _ in range(4):
            def has_gone_on():
                return self.list_version() > reached + 60
            until(has_gone_on, "writers go on")
            self.batond.kill()
            self.client.close()
            self.batond.start()
            reached = self.list_version()
        stop.set()
        for thread in threads:
            thread.join()
        truth, end = self.truth(start)
        threading.Timer(2.5, ended.set).start()
        for reader in readers:
            reader.join(PATIENCE)
        for breaks, seen in results.items():
            self.assertEqual(truth, [event for event in seen if event[2] <= end], breaks)

    def test_a_list_that_takes_long_and_what_happens_meanwhile_end_up_as_the_truth(self):
        for index in range(600):
            self.client.campaign("n%03d" % index, "anna", marker="none", info={"runURL": "x" * 500})
        stop = threading.Event()
        threads = self.writers(stop)
        try:
            watches = [self.watch(INITIAL) for _ in range(8)]
            states = []
            for watch in watches:
                state, events = {}, 0
                while True:
                    event = watch.event()
                    kind, lease, number = facts(event)
                    if kind == "BOOKMARK":
                        self.assertLessEqual(max(state.values()), number)
                        break
                    events += 1
                    self.assertEqual("MODIFIED" if lease in state else "ADDED", kind, lease)
                    self.assertLess(state.get(lease, 0), number, "no object goes back, or comes twice")
                    state[lease] = number
                states.append((watch, state))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        now = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"])
               for item in self.get(LEASES % "ci")["items"]}
        for watch, state in states:
            while state != now:
                kind, lease, number = facts(watch.event())
                self.assertLess(state.get(lease, 0), number)
                state[lease] = number
