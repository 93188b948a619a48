"""Every wrong request gets a problem that names the field and what is allowed. Nothing changes."""

import json
import re
import socket

from support import Story, raw_request

DIGEST = "sha256:" + "0" * 64
LEASE = "/v1/namespaces/ci/leases/work"
MARKER = "/v1/namespaces/ci/markers/work"


class BadInput(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()
        # A hold, a lock and a marker, so that a wrong request had something to harm.
        self.token = self.client.elected("work", "anna")
        self.client.elected("lock", "anna", marker="none")
        self.client.send("PUT", self.client.path("markers/made"), {"holderIdentity": "anna"})
        self.before = self.state()

    def state(self):
        return (
            self.client.history(), self.client.send("GET", self.client.path("leases?held=true"))
            .body["items"][0]["fencingToken"], self.client.send("GET", self.client.path("markers")).body)

    def refused(self, method, path, field, body=None, status=400, kind="invalid-field", headers=None, documented=True):
        with self.subTest(request="%s %s %s" % (method, path, json.dumps(body)[:150] if not isinstance(body, bytes) else body[:60])):
            answer = self.client.send(method, path, body, headers, documented)
            self.assertProblem(answer, status, kind)
            if field is not None:
                self.assertEqual(field, answer["field"], answer)
                self.assertTrue(answer["allowed"] or "Known: none" in answer["detail"], answer)
                self.assertTrue(all(isinstance(rule, str) and rule for rule in answer["allowed"]), answer)
                named = field.split(".")[-1].split("[")[0]
                self.assertIn(named, answer["detail"] + field, answer)

    def unharmed(self):
        self.assertEqual(self.before, self.state())

    def bodies(self, method, path, good, table):
        """Each row of the table is the good body with some fields changed; None takes one out."""
        for field, change in table:
            body = {name: value for name, value in dict(good, **change).items() if value is not LEFT_OUT}
            self.refused(method, path, field, body)

    def test_a_wrong_campaign_names_its_field_and_changes_nothing(self):
        self.bodies("POST", LEASE + "/campaign", {"holderIdentity": "bela"}, [
            ("holderIdentity", {"holderIdentity": LEFT_OUT}),
            ("holderIdentity", {"holderIdentity": ""}),
            ("holderIdentity", {"holderIdentity": "b" * 254}),
            ("holderIdentity", {"holderIdentity": "be\nla"}),
            ("holderIdentity", {"holderIdentity": 7}),
            ("holderIdentity", {"holderIdentity": None}),
            ("campaignID", {"campaignID": "c" * 129}),
            ("campaignID", {"campaignID": ["c"]}),
            ("campaignID", {"campaignID": "a\u0007"}),
            ("leaseDuration", {"leaseDuration": "soon"}),
            ("leaseDuration", {"leaseDuration": 0}),
            ("leaseDuration", {"leaseDuration": -5}),
            ("leaseDuration", {"leaseDuration": "999ms"}),
            ("leaseDuration", {"leaseDuration": "61m"}),
            ("leaseDuration", {"leaseDuration": True}),
            ("leaseDuration", {"leaseDuration": 1e300}),
            ("marker", {"marker": "twice"}),
            ("marker", {"marker": 1}),
            ("inputsDigest", {"inputsDigest": "0" * 64}),
            ("inputsDigest", {"inputsDigest": "sha256:" + "0" * 63}),
            ("inputsDigest", {"inputsDigest": "sha256:" + "A" * 64}),
            ("maxAttempts", {"maxAttempts": 0}),
            ("maxAttempts", {"maxAttempts": 1001}),
            ("maxAttempts", {"maxAttempts": 1.5}),
            ("maxAttempts", {"maxAttempts": "5"}),
            ("supersedes", {"supersedes": 0}),
            ("supersedes", {"supersedes": 2 ** 53}),
            ("supersedes", {"supersedes": "1"}),
            ("confirmWithin", {"confirmWithin": "1h", "leaseDuration": "30s"}),
            ("confirmWithin", {"confirmWithin": "never"}),
            ("info", {"info": "text"}),
            ("info", {"info": {"run": 1}}),
            ("info", {"info": {"": "empty"}}),
            ("info", {"info": {"big": "x" * 16400}}),
            ("maxAttempts", {"marker": "none", "maxAttempts": 3}),
            ("supersedes", {"marker": "none", "supersedes": 3}),
            ("mode", {"marker": "none", "mode": "both"}),
            ("mode", {"mode": "shared"}),
            ("mode", {"marker": "none", "mode": None}),
            ("permits", {"permits": 8}),
            ("permits", {"marker": "none", "permits": 0}),
            ("permits", {"marker": "none", "permits": -1}),
            ("permits", {"marker": "none", "permits": 10001}),
            ("permits", {"marker": "none", "permits": 1.5}),
            ("permits", {"marker": "none", "permits": "8"}),
            ("permits", {"marker": "none", "permits": 8, "mode": "shared"}),
            ("failOnAbandoned", {"marker": "none", "failOnAbandoned": "yes"}),
            ("work", {"marker": "none", "work": ""}),
            ("work", {"marker": "none", "work": "w" * 254}),
            ("holder", {"holder": "bela"}),
            ("leaseduration", {"leaseduration": "30s"}),
        ])
        for query, field in [("wait=soon", "wait"), ("wait=-1s", "wait"), ("wait=1e3", "wait"), ("wait", "wait"),
                             ("wait=1s&wait=2s", "wait"), ("waits=1s", "waits"), ("timeout=3", "timeout")]:
            self.refused("POST", LEASE + "/campaign?" + query, field, {"holderIdentity": "bela"})
        self.unharmed()

    def test_a_wrong_renewal_completion_or_resignation_names_its_field_and_changes_nothing(self):
        good = {"holderIdentity": "anna", "fencingToken": self.token}
        claim = [
            ("holderIdentity", {"holderIdentity": LEFT_OUT}),
            ("holderIdentity", {"holderIdentity": ["anna"]}),
            ("fencingToken", {"fencingToken": LEFT_OUT}),
            ("fencingToken", {"fencingToken": 0}),
            ("fencingToken", {"fencingToken": -1}),
            ("fencingToken", {"fencingToken": 2 ** 53}),
            ("fencingToken", {"fencingToken": 1.5}),
            ("fencingToken", {"fencingToken": str(self.token)}),
            ("token", {"token": 1}),
        ]
        self.bodies("POST", LEASE + "/renew", good, claim)
        self.bodies("POST", LEASE + "/resign", good, claim + [
            ("outcome", {"outcome": "Failed"}),
            ("outcome", {"outcome": 3}),
            ("reason", {"reason": "r" * 1025}),
            ("reason", {"reason": {}}),
            ("result", {"result": {}}),
        ])
        self.bodies("POST", LEASE + "/complete", good, claim + FINDING)
        for verb in ("renew", "complete", "resign"):
            self.refused("POST", "%s/%s?wait=1s" % (LEASE, verb), None, good)
        self.unharmed()

    def test_a_wrong_revocation_or_marker_names_its_field_and_changes_nothing(self):
        self.bodies("POST", LEASE + "/revoke", {"fencingToken": self.token, "reason": "stuck"}, [
            ("reason", {"reason": LEFT_OUT}),
            ("reason", {"reason": ""}),
            ("fencingToken", {"fencingToken": LEFT_OUT}),
            ("fencingToken", {"fencingToken": "all"}),
            ("holderIdentity", {"holderIdentity": "anna"}),
        ])
        self.bodies("POST", LEASE + "/clear-abandoned", {"fencingToken": self.token, "reason": "stuck"}, [
            ("reason", {"reason": ""}),
            ("fencingToken", {"fencingToken": LEFT_OUT}),
            ("by", {"by": "olga"}),
        ])
        self.bodies("POST", LEASE + "/phase", {"holderIdentity": "anna", "fencingToken": self.token, "phase": "x"}, [
            ("phase", {"phase": LEFT_OUT}),
            ("phase", {"phase": ""}),
            ("phase", {"phase": "p" * 129}),
            ("phase", {"phase": "a\nb"}),
            ("phase", {"phase": 1}),
        ])
        self.bodies("PUT", "/v1/namespaces/ci/markers/new", {"holderIdentity": "anna"}, FINDING + [
            ("holderIdentity", {"holderIdentity": LEFT_OUT}),
            ("inputsDigest", {"inputsDigest": "md5:0"}),
            ("info", {"info": []}),
            ("fencingToken", {"fencingToken": 3}),
        ])
        made = "/v1/namespaces/ci/markers/made"
        for query, field in [("", "revision"), ("?revision=", "revision"), ("?revision=abc", "revision"),
                             ("?revision=0", "revision"), ("?revision=9007199254740992", "revision"),
                             ("?revision=1&revision=2", "revision"), ("?force=true", "force")]:
            self.refused("DELETE", made + query, field)
        self.unharmed()

    def test_a_wrong_question_names_its_parameter(self):
        leases, markers = "/v1/namespaces/ci/leases", "/v1/namespaces/ci/markers"
        for path, field in [
            (leases + "?held=maybe", "held"), (leases + "?prefix=UPPER", "prefix"), (leases + "?limit=0", "limit"),
            (leases + "?limit=1001", "limit"), (leases + "?limit=ten", "limit"), (leases + "?continue=%20", "continue"),
            (leases + "?sort=name", "sort"), (LEASE + "?wait=1s", "wait"),
            (LEASE + "/history?before=x", "before"), (LEASE + "/history?limit=-1", "limit"),
            ("/v1/namespaces/ci/history?after=1", "after"), ("/v1/namespaces/ci/history?before=0", "before"),
            (LEASE + "/fence", "token"), (LEASE + "/fence?token=first", "token"), (LEASE + "/fence?token=0", "token"),
            (LEASE + "/wait", "condition"), (LEASE + "/wait?condition=empty", "condition"),
            (LEASE + "/wait?condition=quiet", "quiet"), (LEASE + "/wait?condition=quiet&quiet=0", "quiet"),
            (LEASE + "/wait?condition=quiet&quiet=0s", "quiet"), (LEASE + "/wait?condition=quiet&quiet=-1s", "quiet"),
            (LEASE + "/wait?condition=quiet&quiet=31d", "quiet"), (LEASE + "/wait?condition=phase", "phase"),
            (LEASE + "/wait?condition=phase&phase=", "phase"), (LEASE + "/wait?condition=phase&phase=a%0Ab", "phase"),
            (LEASE + "/wait?condition=phase&phase=a&holder=", "holder"),
            (LEASE + "/wait?condition=phase&phase=a&since=-1", "since"),
            (LEASE + "/wait?condition=drained&drained=soon", "drained"),
            (LEASE + "/wait?condition=drained&drained=9007199254740991", "drained"),
            (LEASE + "/wait?condition=idle&drained=1", "drained"), (LEASE + "/wait?condition=idle&quiet=1s", "quiet"),
            (LEASE + "/wait?condition=idle&wait=soon", "wait"), (LEASE + "/wait?condition=idle&until=x", "until"),
            (markers + "?selector=", "selector"), (markers + "?selector=a%20b", "selector"),
            (markers + "?selector=a%3Db&count=0", "count"), (markers + "?count=2", "selector"),
            (markers + "?selector=a%3Db&require=any", "require"),
            (MARKER + "?wait=soon", "wait"), (MARKER + "?require=any", "require"),
            (markers + "?wait=1s", "wait"), (markers + "?require=all", "require"),
            (markers + "?name=a&require=some", "require"), (markers + "?name=a&name=a", "name"),
            (markers + "?name=A", "name"), (markers + "?name=", "name"),
            (markers + "?" + "&".join("name=n%d" % n for n in range(101)), "name"),
            (markers + "?limit=1&limit=2", "limit"), ("/v1/status?verbose=1", "verbose"),
            ("/v1/namespaces/ci?verbose=1", "verbose"),
        ]:
            self.refused("GET", path, field)
        self.unharmed()

    def test_a_wrong_name_or_namespace_is_named_for_every_endpoint(self):
        body = {"holderIdentity": "anna", "fencingToken": 1, "reason": "x"}
        rests = [("POST", "leases/%s/" + verb) for verb in VERBS]
        rests += [("GET", "leases/%s"), ("GET", "leases/%s/history"), ("GET", "leases/%s/fence"), ("GET", "leases/%s/wait"), ("GET", "markers/%s"),
                  ("PUT", "markers/%s"), ("DELETE", "markers/%s")]
        for method, rest in rests:
            sent = body if method in ("POST", "PUT") else None
            for name in ("Upper", "-dash", "a..b", "under_score", "a%20b", "a%2Fb", "n" * 254):
                self.refused(method, "/v1/namespaces/ci/" + rest % name, "name", sent)
            for namespace in ("CI", "a.b", "n" * 64, "-", "c%C3%AD"):
                self.refused(method, "/v1/namespaces/%s/%s" % (namespace, rest % "work"), "namespace", sent)
        for rest in ("leases", "markers", "history"):
            self.refused("GET", "/v1/namespaces/Not-A-Label/" + rest, "namespace")
        self.refused("GET", "/v1/namespaces/Not-A-Label", "namespace")
        self.unharmed()

    def test_what_is_no_json_is_refused_with_its_place_or_its_type(self):
        for verb in VERBS:
            path = "%s/%s" % (LEASE, verb)
            for body in (b"", b"{", b"[]", b'"text"', b"null", b"{\"holderIdentity\": \"a\",}", b"{'a': 1}", b"{} {}",
                         b'{"holderIdentity": "a", "holderIdentity": "b"}', b"\xff\xfe", b'{"a": "\xc3\x28"}',
                         b'{"a": 01}', b'{"a": "\\ud800"}', b"[" * 5000, b'{"a": NaN}'):
                self.refused("POST", path, None, body, kind="invalid-json",
                             headers={"Content-Type": "application/json"})
            self.refused("POST", path, None, b"a=b", status=415, kind="unsupported-media-type",
                         headers={"Content-Type": "application/x-www-form-urlencoded"})
            good = {"holderIdentity": "anna", "fencingToken": self.token, "reason": "x", "phase": "x"}
            good = {name: good[name] for name in BODY[verb]}
            self.refused("POST", path, None, good, status=406, kind="not-acceptable",
                         headers={"Accept": "text/html"})
        self.refused("PUT", MARKER, None, b"nonsense", kind="invalid-json",
                     headers={"Content-Type": "application/json"})
        self.unharmed()

    def test_a_wrong_method_is_told_the_right_ones(self):
        for path, methods in [
            (LEASE + "/campaign", ("GET", "PUT", "DELETE", "PATCH")), (LEASE + "/renew", ("GET",)),
            (LEASE, ("POST", "DELETE", "PUT")), (MARKER, ("POST", "PATCH")), ("/v1/status", ("POST",)),
            ("/v1/namespaces/ci/markers", ("PUT", "DELETE")), ("/v1/namespaces/ci/history", ("DELETE",)),
        ]:
            for method in methods:
                answer = self.client.send(method, path, {} if method != "GET" else None, documented=False)
                self.assertProblem(answer, 405, "method-not-allowed")
                allowed = [word.strip() for word in answer.headers["allow"].split(",")]
                self.assertEqual(allowed, answer["allowed"])
                self.assertNotIn(method, allowed)
        self.unharmed()

    def test_what_is_nowhere_is_not_found(self):
        for path in ("/", "/v1", "/v2/status", "/v1/namespaces", "/v1/namespaces/ci/", "/v1/namespaces/ci/jobs",
                     LEASE + "/steal", LEASE + "/campaign/x", "/v1/namespaces//leases/x", "/v1/status/", "//v1/status"):
            for method in ("GET", "POST"):
                answer = self.client.send(method, path, documented=False)
                self.assertIn((answer.status, answer.problem), [(404, "not-found"), (400, "invalid-field")], path)
        for path in (self.client.path("leases/none"), self.client.path("markers/none")):
            self.refused("GET", path, None, status=404, kind="not-found")
        self.refused("DELETE", self.client.path("markers/none?revision=1"), None, status=404, kind="not-found")
        self.unharmed()

    def test_a_conflict_says_who_and_what_and_changes_nothing(self):
        client, token = self.client, self.token
        answer = client.renew("work", "anna", token + 1000)
        self.assertProblem(answer, 409, "hold-ended")
        self.assertEqual(("anna", token), (answer["currentHolder"], answer["currentToken"]))
        self.assertProblem(client.complete("work", "bela", token), 409, "not-the-holder")
        self.assertProblem(client.resign("work", "bela", token), 409, "not-the-holder")
        answer = client.campaign("work", "bela", marker="none")
        self.assertProblem(answer, 409, "marker-mode-conflict")
        self.assertEqual(("once", "none"), (answer["current"], answer["asked"]))
        lock = client.lease("lock")["fencingToken"]
        self.assertProblem(client.complete("lock", "anna", lock), 409, "lock-has-no-marker")
        answer = client.send("PUT", client.path("markers/work"), {"holderIdentity": "bela"})
        self.assertProblem(answer, 409, "held")
        answer = client.send("PUT", client.path("markers/made"), {"holderIdentity": "anna", "reason": "other"})
        self.assertProblem(answer, 409, "marker-differs")
        revision = answer["marker"]["revision"]
        answer = client.send("DELETE", client.path("markers/made?revision=%d" % (revision + 1)))
        self.assertProblem(answer, 409, "revision-differs")
        self.assertEqual(revision, answer["current"])
        self.assertProblem(client.revoke("work", token + 1000), 409, "hold-ended")
        self.assertEqual("done", client.campaign("made", "bela", supersedes=revision + 5).outcome)
        self.unharmed()

    def test_other_inputs_under_one_name_are_refused_with_both_digests(self):
        client = self.client
        token = client.elected("digested", "anna", inputsDigest=DIGEST)
        other = "sha256:" + "1" * 64
        for _ in range(2):
            before = client.revision()
            answer = client.campaign("digested", "bela", inputsDigest=other)
            self.assertProblem(answer, 409, "inputs-mismatch")
            self.assertEqual((DIGEST, other), (answer["stored"], answer["given"]))
            self.assertEqual(before, client.revision())
            client.complete("digested", "anna", token)

    def test_what_is_no_http_is_refused_and_harms_nobody(self):
        good = raw_request("GET", "/v1/status")
        for request, status in [
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\nHost: a\n\n", 400),
            (b"GET /v1/namespaces/ci/leases/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
            (b"GET /v1/namespaces/%2E%2E/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
            (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
            (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
            (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
            (b"SSH-2.0-OpenSSH_9.2\r\n", 400),
        ]:
            with self.subTest(request=request[:60]):
                with socket.create_connection(("127.0.0.1", self.batond.port), timeout=30) as sock:
                    # What follows a request that can't be understood must not be taken for another one.
                    sock.sendall(request + good)
                    text = b""
                    while True:
                        try:
                            part = sock.recv(65536)
                        except ConnectionResetError:
                            break
                        if not part:
                            break
                        text += part
                head, _, body = text.partition(b"\r\n\r\n")
                self.assertTrue(head.startswith(b"HTTP/1.1 %d " % status), text[:200])
                self.assertIn(b"application/problem+json", head)
                self.assertEqual(1, len(re.findall(rb"(?m)^HTTP/1.1 \d", text)), text)
                self.assertEqual(status, json.loads(body)["status"])
        self.unharmed()


class LeftOut:
    pass


LEFT_OUT = LeftOut()

VERBS = ("campaign", "renew", "complete", "resign", "revoke", "phase", "clear-abandoned")

BODY = {
    "campaign": ["holderIdentity"], "renew": ["holderIdentity", "fencingToken"],
    "complete": ["holderIdentity", "fencingToken"], "resign": ["holderIdentity", "fencingToken"],
    "revoke": ["fencingToken", "reason"], "phase": ["holderIdentity", "fencingToken", "phase"],
    "clear-abandoned": ["fencingToken", "reason"],
}

FINDING = [
    ("outcome", {"outcome": "succeeded"}),
    ("outcome", {"outcome": True}),
    ("reason", {"reason": "r" * 1025}),
    ("reason", {"reason": "a\u0000b"}),
    ("result", {"result": []}),
    ("result", {"result": {"key": 1}}),
    ("result", {"result": {"1key": "x"}}),
    ("result", {"result": {"": "x"}}),
    ("result", {"result": {"k": "x" * 65536}}),
    ("artifacts", {"artifacts": {}}),
    ("artifacts[0]", {"artifacts": ["x"]}),
    ("artifacts[0].name", {"artifacts": [{"digest": DIGEST}]}),
    ("artifacts[0].digest", {"artifacts": [{"name": "a"}]}),
    ("artifacts[0].digest", {"artifacts": [{"name": "a", "digest": "sha256:0"}]}),
    ("artifacts[1].size", {"artifacts": [{"name": "a", "digest": DIGEST}, {"name": "b", "digest": DIGEST, "size": -1}]}),
    ("artifacts[1].name", {"artifacts": [{"name": "a", "digest": DIGEST}, {"name": "a", "digest": DIGEST}]}),
    ("artifacts[0].url", {"artifacts": [{"name": "a", "digest": DIGEST, "url": "x"}]}),
    ("artefacts", {"artefacts": []}),
]
