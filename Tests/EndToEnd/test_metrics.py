"""GET /metrics: strict in its form, and its figures move as the events do. And the verbose probes."""

import os
import re
import socket
import time

import yaml

from support import ROOT, Story, until

SECONDS = 10

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
KINDS = {"counter", "gauge", "histogram"}
UNITS = ("seconds", "bytes", "commands", "revisions")


class Page:
    """The text format, version 0.0.4, read without mercy."""

    def __init__(self, raw):
        text = raw.decode("utf-8")
        if not text.endswith("\n") or "\r" in text:
            raise AssertionError("every line ends in a line feed, and only in that")
        self.kinds, self.samples = {}, {}
        helped = family = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                helped = line.split(" ", 3)[2]
                if helped in self.kinds or not line.split(" ", 3)[3]:
                    raise AssertionError("two groups of one metric, or no help: %s" % line)
            elif line.startswith("# TYPE "):
                _, _, family, kind = line.split(" ")
                if family != helped or kind not in KINDS:
                    raise AssertionError("TYPE follows its HELP: %s" % line)
                self.kinds[family] = kind
            else:
                self.take(line, family)
        for name, kind in self.kinds.items():
            self.check(name, kind)

    def take(self, line, family):
        match = SAMPLE.match(line)
        if not match:
            raise AssertionError("no sample: %r" % line)
        name, inside, value = match.groups()
        labels, at = {}, 0
        while inside and at < len(inside):
            found = LABEL.match(inside, at)
            if not found or found.group(1) in labels:
                raise AssertionError("no labels: %r" % line)
            labels[found.group(1)] = found.group(2)
            at = found.end()
        suffixes = ("_bucket", "_sum", "_count") if self.kinds.get(family) == "histogram" else ("",)
        if name not in [family + suffix for suffix in suffixes]:
            raise AssertionError("a sample outside of its group: %r in %s" % (line, family))
        key = (name, frozenset(labels.items()))
        if key in self.samples:
            raise AssertionError("twice: %r" % line)
        self.samples[key] = float(value)

    def check(self, name, kind):
        if (kind == "counter") != name.endswith("_total"):
            raise AssertionError("counters, and only they, are called _total: %s" % name)
        values = [value for (sample, _), value in self.samples.items() if sample.startswith(name)]
        if any(value != value or (kind != "gauge" and value < 0) for value in values):
            raise AssertionError("%s: %r" % (name, values))
        if kind == "histogram":
            if not name.endswith(UNITS):
                raise AssertionError("a histogram names its unit: %s" % name)
            self.check_histogram(name)

    def check_histogram(self, name):
        series = {}
        for (sample, labels), value in self.samples.items():
            if sample == name + "_bucket":
                labels = dict(labels)
                series.setdefault(frozenset((k, v) for k, v in labels.items() if k != "le"), []).append(
                    (float(labels["le"]), value))
        if not series:
            raise AssertionError("no buckets: %s" % name)
        for labels, buckets in series.items():
            bounds, counts = zip(*buckets)
            if list(bounds) != sorted(set(bounds)) or bounds[-1] != float("inf"):
                raise AssertionError("bounds ascend to +Inf: %s %r" % (name, bounds))
            if list(counts) != sorted(counts) or counts[-1] != self.samples[(name + "_count", labels)]:
                raise AssertionError("counts are cumulative: %s %r" % (name, counts))
            if (name + "_sum", labels) not in self.samples:
                raise AssertionError("no sum: %s" % name)

    def __call__(self, name, **labels):
        return self.samples[(name, frozenset(labels.items()))]


def page(client):
    answer = client.send("GET", "/metrics", headers={
        "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1"})
    if answer.status != 200 or answer.headers["content-type"] != "text/plain; version=0.0.4; charset=utf-8":
        raise AssertionError(answer)
    return Page(answer.raw)


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Metrics(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def test_a_fresh_daemon_shows_every_series_that_does_not_depend_on_requests(self):
        first = page(self.client)
        for end in ("completed", "resigned", "failed", "expired", "abandoned", "revoked", "undelivered",
                    "unconfirmed"):
            self.assertEqual(0, first("baton_holds_ended_total", end=end))
        for kind in ("fresh", "handover"):
            self.assertEqual(0, first("baton_elections_total", kind=kind))
        for reason in ("NoSpace", "StorageFailed", "Recovering", "Stopping", "StorageSlow", "LogTooLarge"):
            self.assertEqual(0, first("baton_degraded", reason=reason))
        self.assertEqual(1, first("baton_ready"))
        version = self.client.status()["version"]
        self.assertEqual(1, first("baton_build_info", version=version))

    def test_the_reference_lists_every_metric_with_its_type_and_the_alerts_use_no_other(self):
        kinds = page(self.client).kinds
        listed = dict(re.findall(r"^\| `(baton_\w+)` \| (\w+) \|", text_of("docs", "metrics.md"), re.MULTILINE))
        self.assertEqual(listed, {name: kind for name, kind in kinds.items() if name.startswith("baton_")})
        used = set(re.findall(r"baton_\w+", text_of("deploy", "prometheus", "baton-alerts.yaml")))
        self.assertEqual(set(), {re.sub("_bucket$", "", name) for name in used} - set(kinds))
        rules = yaml.safe_load(text_of("deploy", "prometheus", "baton-alerts.yaml"))["groups"][0]["rules"]
        for rule in rules:
            self.assertTrue(rule["expr"] and rule["annotations"]["summary"] and rule["labels"]["severity"])
        self.assertIn("scrape_configs", yaml.safe_load(text_of("deploy", "prometheus", "scrape.yaml")))

    def test_elections_ends_markers_and_takeovers_are_counted(self):
        client = self.client
        token = client.elected("work", "anna", leaseDuration="1s")
        stream = client.campaign_stream("work", "bela", leaseDuration="1h")
        stream.waiting()
        # Somebody waits: for how long is known while the wait lasts.
        waiting = until(lambda: (lambda p: p if p("baton_oldest_contender_age_seconds") > 0.2 else None)(page(client)),
                        "the contender has waited for a while")
        self.assertEqual((1, 1), (waiting("baton_contenders"), waiting("baton_holds")))
        outcome = stream.last()
        self.assertEqual("expired", outcome["previous"]["end"])
        taken = page(client)
        self.assertEqual(1, taken("baton_elections_total", kind="fresh"))
        self.assertEqual(1, taken("baton_elections_total", kind="handover"))
        self.assertEqual(1, taken("baton_holds_ended_total", end="expired"))
        self.assertEqual(1, taken("baton_takeovers_total"))
        self.assertEqual(1, taken("baton_contender_wait_seconds_count", result="handed_over"))
        self.assertGreater(taken("baton_contender_wait_seconds_sum", result="handed_over"), 0.2)
        self.assertGreaterEqual(taken("baton_hold_duration_seconds_sum"), 0.99)
        self.assertEqual((0, 0), (taken("baton_contenders"), taken("baton_oldest_contender_age_seconds")))

        self.assertProblem(client.renew("work", "anna", token), 409, "hold-ended")
        self.assertEqual(200, client.renew("work", "bela", outcome["fencingToken"]).status)
        third = client.campaign_stream("work", "carl")
        third.waiting()
        waiter = client.stream(client.path("markers/work?wait=60s"))
        waiter.waiting()
        self.assertEqual(1, page(client)("baton_waiters"))
        client.complete("work", "bela", outcome["fencingToken"])
        self.assertEqual("done", third.last()["outcome"])
        waiter.last()
        done = page(client)
        self.assertEqual((1, 1), (done("baton_stale_tokens_total"), done("baton_renewals_total")))
        self.assertEqual((0, 1), (done("baton_foreign_tokens_total"), done("baton_campaigns_total", outcome="done")))
        self.assertEqual(2, done("baton_campaigns_total", outcome="elected"))
        self.assertEqual(1, done("baton_holds_ended_total", end="completed"))
        self.assertEqual(1, done("baton_markers_total", outcome="succeeded"))
        self.assertEqual(1, done("baton_contender_wait_seconds_count", result="settled"))
        self.assertEqual(0, done("baton_holds"))

    def test_every_other_way_to_end_a_hold_is_counted_as_itself(self):
        client = self.client
        for outcome, end in (("released", "resigned"), ("failed", "failed"), ("abandoned", "abandoned")):
            client.resign("lock", "anna", client.elected("lock", "anna", marker="none"), outcome=outcome)
            self.assertEqual(1, page(client)("baton_holds_ended_total", end=end))
        client.revoke("lock", client.elected("lock", "anna", marker="none"))
        client.elected("lock", "anna", marker="none", confirmWithin="1s")
        until(lambda: page(client)("baton_holds_ended_total", end="unconfirmed") == 1, "it is unconfirmed")
        last = page(client)
        self.assertEqual(1, last("baton_holds_ended_total", end="revoked"))
        # The one after the abandoned hold.
        self.assertEqual(1, last("baton_takeovers_total"))
        token = client.elected("work", "anna")
        client.complete("work", "anna", token, outcome="Failed", reason="x")
        self.assertEqual(1, page(client)("baton_markers_total", outcome="failed"))

    def test_requests_are_counted_by_route_and_code_and_names_make_no_series(self):
        client = self.client
        before = page(client)
        for index in range(20):
            client.elected("name-%d" % index, "anna-%d" % index)
            client.send("GET", "/nothing/%d" % index, documented=False)
        client.send("PATCH", client.path("leases/name-1"))
        after = page(client)
        self.assertEqual(20, after("baton_http_requests_total", code="200",
                                   route="/v1/namespaces/{namespace}/leases/{name}/campaign"))
        self.assertEqual(20, after("baton_http_requests_total", code="404", route="unknown"))
        self.assertEqual(1, after("baton_http_requests_total", code="405",
                                  route="/v1/namespaces/{namespace}/leases/{name}"))
        self.assertEqual(1, after("baton_http_requests_total", code="200", route="/metrics"))
        # Each route that was asked has a histogram besides: these four, and nothing of the names.
        times = {labels for name, labels in after.samples if name == "baton_http_request_duration_seconds_count"}
        self.assertEqual(4, len(times - {labels for _, labels in before.samples}))
        counted = [len([name for name, _ in each.samples if not name.startswith("baton_http_request_duration")])
                   for each in (before, after)]
        self.assertEqual(3, counted[1] - counted[0] - 1)
        self.assertNotIn("name-1", repr(after.samples))

    def test_what_the_wire_refuses_is_counted_too(self):
        with socket.create_connection(("127.0.0.1", self.batond.port), timeout=30) as peer:
            peer.sendall(b"GET / HTTP/9.9\r\n\r\n")
            code = peer.recv(100).split()[1].decode()
        self.assertEqual(1, page(self.client)("baton_http_requests_total", code=code, route="unread"))

    def test_the_figures_of_store_wire_and_process_are_there_and_grow(self):
        client = self.client
        first = page(client)
        for index in range(5):
            client.elected("n%d" % index, "anna")
        second = page(client)
        for name in ("baton_commits_total", "baton_commands_total", "baton_commit_duration_seconds_count",
                     "baton_turn_commands_count", "baton_turn_commands_sum", "baton_turn_bytes_sum",
                     "baton_store_flush_duration_seconds_sum", "baton_received_bytes_total",
                     "baton_sent_bytes_total", "baton_store_journal_bytes", "baton_revision"):
            self.assertGreater(second(name), first(name), name)
        self.assertEqual(second("baton_commits_total"), second("baton_commit_duration_seconds_count"))
        self.assertEqual(second("baton_commands_total"), second("baton_turn_commands_sum"))
        self.assertGreater(second("baton_commit_duration_seconds_sum"), 0)
        self.assertGreaterEqual(second("baton_connections"), 1)
        self.assertGreater(second("baton_store_wal_bytes"), 0)
        self.assertGreater(second("process_resident_memory_bytes"), 1 << 20)
        self.assertGreater(second("process_cpu_seconds_total"), 0)
        self.assertGreater(second("process_max_fds"), second("process_open_fds"))
        self.assertGreater(second("process_open_fds"), 5)
        self.assertLess(abs(time.time() - second("process_start_time_seconds")), 3600)

    def test_a_HEAD_has_no_body_and_a_POST_is_refused(self):
        head = self.client.send("HEAD", "/metrics")
        self.assertEqual((200, b""), (head.status, head.raw))
        self.assertProblem(self.client.send("POST", "/metrics", {}), 405, "method-not-allowed")

    def test_verbose_probes_list_their_checks(self):
        for path in ("/livez", "/readyz"):
            self.assertEqual(b"ok\n", self.client.send("GET", path).raw)
            for query in ("?verbose", "?verbose=true"):
                answer = self.client.send("GET", path + query)
                self.assertEqual((200, "text/plain"), (answer.status, answer.media))
                lines = answer.raw.decode().splitlines()
                self.assertTrue(lines and all(re.match(r"^\[\+\][a-z]+ ok$", line) for line in lines), lines)
            self.assertProblem(self.client.send("PATCH", path), 405, "method-not-allowed")
        self.assertIn("[+]store ok", lines)
