"""What docs/api/openapi.yaml promises, provoked operation by operation.

Every other test is held against the document too, as it speaks to the daemon. Here is what they
don't get to see. At the end of a whole run, run.py asks whether anything was promised that nobody
has seen.
"""

import contract
from support import Story

SECONDS = 20

# Promised, and not to be had on purpose: (method, path, status) → why.
CANNOT_BE_PROVOKED = {}

LEASE, MARKER = "leases/work", "markers/work"
BODIES = {
    "leases/work/campaign": {"holderIdentity": "anna"},
    "leases/work/renew": {"holderIdentity": "anna", "fencingToken": 1},
    "leases/work/complete": {"holderIdentity": "anna", "fencingToken": 1},
    "leases/work/resign": {"holderIdentity": "anna", "fencingToken": 1},
    "leases/work/revoke": {"fencingToken": 1, "reason": "x"},
    "aliases/work/rollback": {"revision": 1},
    "leases/work/phase": {"holderIdentity": "anna", "fencingToken": 1, "phase": "pushing"},
    "leases/work/clear-abandoned": {"fencingToken": 1, "reason": "x"},
    "prune": {"olderThan": "14d", "dryRun": True},
}
READS = ["leases", "leases/work", "leases/work/history", "history", "leases/work/fence?token=1",
         "leases/work/wait?condition=idle", "markers", "markers?selector=a%3Db",
         "markers?name=work", "markers/work", "aliases", "aliases/work",
         "aliases/work/history", "resolve/work", "leases/work/overlaps", "overlaps", "report"]


class Contract(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon(contender__queueMax=1)
        self.client = self.batond.client()

    def operations(self):
        for rest, body in BODIES.items():
            yield "POST", self.client.path(rest), body
        yield "PUT", self.client.path("markers/work"), {"holderIdentity": "anna"}
        yield "DELETE", self.client.path("markers/work?revision=1"), None
        yield "PUT", self.client.path("aliases/work"), {"target": "work"}
        yield "DELETE", self.client.path("aliases/work?revision=1"), None
        for rest in READS:
            yield "GET", self.client.path(rest), None
        yield "GET", "/v1/namespaces/ci", None
        yield "GET", "/v1/status", None
        yield "GET", "/v1/audit", None

    def test_there_is_an_OpenAPI_document_and_it_is_one(self):
        document = contract.contract().document
        self.assertTrue(document["openapi"].startswith("3.1"))
        for method, template, status in contract.contract().promised():
            operation = document["paths"][template][method]
            self.assertTrue(operation["operationId"] and operation["summary"])

    def test_every_operation_offers_only_what_the_document_says(self):
        for method, path, body in self.operations():
            answer = self.client.send(method, path, body, {"Accept": "image/png"})
            self.assertProblem(answer, 406, "not-acceptable")
            self.assertIn("application/json", answer["allowed"])

    def test_every_path_refuses_the_methods_that_the_document_does_not_have(self):
        document = contract.contract().document
        for method, path, body in self.operations():
            known = {name.upper() for name in document["paths"][contract.contract().template(path)]}
            for other in {"GET", "PUT", "POST", "DELETE", "PATCH"} - known:
                answer = self.client.send(other, path, {} if other != "GET" else None)
                self.assertProblem(answer, 405, "method-not-allowed")

    def test_every_path_answers_OPTIONS_and_HEAD_as_the_document_says(self):
        document = contract.contract().document
        self.client.elected("work", "anna")
        for method, path, body in self.operations():
            known = {name.upper() for name in document["paths"][contract.contract().template(path)]}
            answer = self.client.send("OPTIONS", path)
            self.assertEqual(204, answer.status)
            allowed = {word.strip() for word in answer.headers["allow"].split(",")}
            self.assertEqual(known & {"GET", "PUT", "POST", "DELETE"}, allowed - {"HEAD", "OPTIONS"})
            if method == "GET":
                got, head = self.client.send("GET", path), self.client.send("HEAD", path)
                self.assertEqual((got.status, b""), (head.status, head.raw))
                self.assertEqual(got.headers["content-type"], head.headers["content-type"])
        for path in ("/livez", "/readyz"):
            self.assertEqual(b"ok\n", self.client.send("GET", path).raw)

    def test_every_body_has_its_type_and_its_limit(self):
        for method, path, body in self.operations():
            if body is None:
                continue
            answer = self.client.send(method, path, b"<x/>", {"Content-Type": "text/xml"})
            self.assertProblem(answer, 415, "unsupported-media-type")
            # Refused on its word, before it is sent.
            answer = self.client.send(
                method, path, b"{}", {"Content-Type": "application/json", "Content-Length": "99999999"})
            self.assertProblem(answer, 413, "payload-too-large")

    def test_a_full_queue_is_429_with_the_limit(self):
        self.client.elected("work", "anna")
        self.assertEqual(202, self.client.campaign("work", "bela").status)
        answer = self.client.campaign("work", "carl")
        self.assertProblem(answer, 429, "too-many")
        self.assertEqual(("contender.queueMax", 1), (answer["setting"], answer["limit"]))
        self.assertTrue(answer.headers["retry-after"])

    def test_a_wait_that_is_over_is_202_and_may_be_asked_again_at_once(self):
        self.client.elected("work", "anna")
        for answer in (self.client.campaign("work", "bela", wait="50ms"), self.client.marker("work", wait="50ms"),
                       self.client.send("GET", self.client.path("markers?name=work&name=b&wait=50ms"))):
            self.assertEqual((202, "waiting", "0"), (answer.status, answer.outcome, answer.headers["retry-after"]))
        stream = self.client.campaign_stream("work", "bela", wait="50ms")
        last = stream.last()
        self.assertEqual(("outcome", "waiting"), (last["type"], last["outcome"]))
        self.assertEqual("reconnect", stream.lines[-2]["type"])

    def test_a_stream_says_that_it_is_alive(self):
        self.client.elected("work", "anna", leaseDuration="1h")
        stream = self.client.campaign_stream("work", "bela")
        stream.waiting()
        while stream.next()["type"] != "alive":
            pass

    def test_a_list_comes_in_parts(self):
        client = self.client
        for index in range(7):
            client.elected("a%d" % index, "anna")
            client.send("PUT", client.path("markers/m%d" % index), {"holderIdentity": "anna"})
        for kind, names in (("leases?prefix=a&", "a"), ("markers?", "m")):
            found, more = [], ""
            while True:
                page = client.send("GET", client.path("%slimit=3%s" % (kind, more))).body
                found += [item["name"] for item in page["items"]]
                if "continue" not in page:
                    break
                more = "&continue=" + page["continue"]
            self.assertEqual(["%s%d" % (names, index) for index in range(7)], found)
        found, before = [], ""
        while True:
            items = client.send("GET", client.path("history?limit=2" + before))["items"]
            found += [item["fencingToken"] for item in items]
            if len(items) < 2:
                break
            before = "&before=%d" % found[-1]
        self.assertEqual((7, sorted(found, reverse=True)), (len(set(found)), found))

    def test_a_token_is_fenced_off_as_soon_as_another_holds(self):
        client = self.client
        first = client.elected("work", "anna")
        self.assertTrue(client.send("GET", client.path("leases/work/fence?token=%d" % first))["current"])
        client.resign("work", "anna", first)
        second = client.elected("work", "bela")
        answer = client.send("GET", client.path("leases/work/fence?token=%d" % first))
        self.assertEqual((False, second, "resigned"), (answer["current"], answer["fencingToken"], answer["ended"]["end"]))

    def test_a_repeated_verb_gets_its_first_answer_again(self):
        client = self.client
        token = client.elected("work", "anna")
        first = client.complete("work", "anna", token, result={"a": "b"})
        self.assertEqual(first.body, client.complete("work", "anna", token, result={"a": "b"}).body)
        self.assertProblem(client.complete("work", "anna", token, result={"a": "c"}), 409, "marker-differs")
        token = client.elected("lock", "anna", marker="none")
        first = client.resign("lock", "anna", token)
        self.assertEqual(first.body, client.resign("lock", "anna", token).body)
        token = client.elected("lock", "anna", marker="none")
        first = client.revoke("lock", token)
        self.assertEqual(first.body, client.revoke("lock", token).body)
        self.assertProblem(client.resign("lock", "anna", token), 409, "hold-ended")
        put = client.send("PUT", client.path("markers/made"), {"holderIdentity": "anna"})
        again = client.send("PUT", client.path("markers/made"), {"holderIdentity": "anna"})
        self.assertEqual((201, 200, put.body), (put.status, again.status, again.body))
        self.assertEqual("/v1/namespaces/ci/markers/made", put.headers["location"])
        self.assertProblem(client.revoke("never", 5), 404, "not-found")
        self.assertProblem(client.renew("never", "anna", 5), 409, "hold-ended")
