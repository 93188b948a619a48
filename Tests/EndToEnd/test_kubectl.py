"""Unmodified kubectl against the real daemon: reading, in every form that it knows.

It is the kubectl of the system; $BATON_KUBECTL names others, with colons between them. Over plain HTTP it sends no
token: so tokens are tried over TLS, and by hand.
"""

import json
import os
import re
import subprocess

import yaml

from kubectl import WithKubectl, kubectls, tokens
from support import BATON, Story, environment, read, until
from test_tls import TLSStory

SECONDS = 20

LEASES = "/apis/coordination.k8s.io/v1/namespaces/%s/leases"
PROTOBUF = "application/vnd.kubernetes.protobuf"


class Kubectl(WithKubectl, Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()
        self.write_config(self.kubeconfig(self.batond.url))

    def table(self, *arguments):
        """Rows of cells, without the spaces between them. An empty cell shifts its row."""
        return [re.split(r"  +", line.strip()) for line in self.ask(*arguments).splitlines()]

    def names(self, *arguments):
        return [row[0] for row in self.table(*arguments, "--no-headers")]

    def three_leases(self):
        for name in ("alpha", "beta"):
            self.client.elected(
                name, "run-" + name, leaseDuration="29.5s", info={"runURL": "https://ci.example/" + name})
        token = self.client.elected("gamma", "run-gamma")
        self.client.resign("gamma", "run-gamma", token, outcome="failed", reason="no disk")
        other = self.batond.client(namespace="dev")
        other.elected("delta", "run-delta")

    def test_get_in_every_form(self):
        self.three_leases()
        record = self.client.lease("alpha").body
        for kubectl in kubectls():
            with self.subTest(kubectl=kubectl):
                rows = self.table(kubectl, "get", "leases")
                self.assertEqual(["NAME", "HOLDER", "AGE"], rows[0])
                self.assertEqual(
                    [["alpha", "run-alpha"], ["beta", "run-beta"]], [row[:2] for row in rows[1:3]])
                self.assertRegex(rows[1][2], r"^\d+s$")
                self.assertEqual("gamma", rows[3][0])
                self.assertEqual(rows[0], self.table(kubectl, "get", "leases", "-o", "wide")[0])
                self.assertEqual(
                    ["lease.coordination.k8s.io/" + name for name in ("alpha", "beta", "gamma")],
                    self.ask(kubectl, "get", "leases", "-o", "name").split())
                lease = json.loads(self.ask(kubectl, "get", "lease", "alpha", "-o", "json"))
                self.assertEqual(lease, yaml.safe_load(self.ask(kubectl, "get", "lease/alpha", "-o", "yaml")))
                self.check(lease, record)
                self.assertEqual(
                    record["beginTime"],
                    self.ask(kubectl, "get", "lease", "alpha", "-o", "jsonpath={.spec.renewTime}"))
                self.assertEqual(
                    [["N", "H"], ["alpha", "run-alpha"], ["beta", "run-beta"], ["gamma", "<none>"]],
                    self.table(
                        kubectl, "get", "leases", "-o", "custom-columns=N:.metadata.name,H:.spec.holderIdentity"))
                self.assertEqual(
                    "alpha beta gamma ",
                    self.ask(
                        kubectl, "get", "leases", "-o", "go-template={{range .items}}{{.metadata.name}} {{end}}"))

    def check(self, lease, record):
        """The same as /v1 has it."""
        self.assertEqual(("coordination.k8s.io/v1", "Lease"), (lease["apiVersion"], lease["kind"]))
        metadata, spec = lease["metadata"], lease["spec"]
        self.assertEqual((record["uid"], str(record["revision"])), (metadata["uid"], metadata["resourceVersion"]))
        self.assertEqual(str(record["fencingToken"]), metadata["annotations"]["coordination.baton.dev/fencing-token"])
        self.assertEqual("https://ci.example/alpha", metadata["annotations"]["coordination.baton.dev/run-url"])
        self.assertEqual(
            {"holderIdentity": "run-alpha", "leaseDurationSeconds": 30, "acquireTime": record["beginTime"],
             "renewTime": record["beginTime"], "leaseTransitions": 1}, spec)

    def test_lists_are_selected_sorted_and_parted(self):
        self.three_leases()
        for kubectl in kubectls():
            with self.subTest(kubectl=kubectl):
                everywhere = self.table(kubectl, "get", "leases", "-A")
                self.assertEqual("NAMESPACE", everywhere[0][0])
                self.assertEqual(
                    [["ci", "alpha"], ["ci", "beta"], ["ci", "gamma"], ["dev", "delta"]],
                    [row[:2] for row in everywhere[1:]])
                for size in ("1", "2", "0"):
                    parted = self.names(kubectl, "get", "leases", "-A", "--chunk-size=" + size)
                    self.assertEqual(["ci", "ci", "ci", "dev"], parted)
                self.assertEqual(
                    ["gamma", "alpha", "beta"],
                    self.names(kubectl, "get", "leases", "--sort-by=.spec.holderIdentity"))
                self.assertEqual(
                    ["beta"], self.names(kubectl, "get", "leases", "--field-selector", "metadata.name=beta"))
                self.assertEqual(
                    ["alpha", "gamma"], self.names(kubectl, "get", "leases", "--field-selector", "metadata.name!=beta"))
                self.assertEqual(["alpha", "beta", "gamma"], self.names(kubectl, "get", "leases", "-l", "!a"))
                self.assertEqual([], self.names(kubectl, "get", "leases", "-l", "a in (b,c)"))
                self.assertIn(
                    "found 'label', expected: in, notin, =, ==, !=, gt, lt",
                    self.ask(kubectl, "get", "leases", "-l", "bad label==", code=1))
                self.assertIn(
                    '"spec.holderIdentity" is not a known field selector',
                    self.ask(kubectl, "get", "leases", "--field-selector", "spec.holderIdentity=x", code=1))
                self.assertEqual(
                    'Error from server (NotFound): leases.coordination.k8s.io "nosuch" not found\n',
                    self.ask(kubectl, "get", "lease", "nosuch", code=1))
                self.assertEqual(["ci", "dev"], self.names(kubectl, "get", "namespaces"))

    def begin(self, kubectl, *arguments):
        """A kubectl that goes on: its process, and its output as it comes."""
        path = self.path("watched-%d" % len(os.listdir(self.folder)))
        with open(path, "w") as file:
            process = subprocess.Popen(
                [kubectl, "--kubeconfig", self.config, *arguments], stdout=file, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env=environment(HOME=self.folder))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, lambda: read(path)

    def test_get_goes_on_with_what_happens(self):
        for number, kubectl in enumerate(kubectls()):
            with self.subTest(kubectl=kubectl):
                self.client.elected("old-%d" % number, "run-1")
                _, rows = self.begin(kubectl, "get", "leases", "-w")
                _, names = self.begin(kubectl, "get", "leases", "-A", "--watch-only", "-o", "name")
                _, events = self.begin(
                    kubectl, "get", "leases", "-l", "tier=gold", "-w", "--output-watch-events", "--no-headers")
                until(lambda: "old-%d" % number in rows(), "it lists first")
                until(lambda: self.watches() == 3 * (number + 1), "all three watch")
                name = "new-%d" % number
                token = self.client.elected(name, "run-2")
                until(lambda: re.search(r"(?m)^%s +run-2 " % name, rows()), "an election is a row")
                self.ask(kubectl, "label", "lease", name, "tier=gold")
                until(lambda: re.search(r"(?m)^ADDED +%s " % name, events()), "it enters the selection")
                self.ask(kubectl, "label", "lease", name, "tier-")
                until(lambda: re.search(r"(?m)^DELETED +%s " % name, events()), "it leaves the selection")
                self.client.resign(name, "run-2", token)
                until(lambda: re.search(r"(?m)^%s +[0-9]+s$" % name, rows()), "its end is a row without a holder")
                until(lambda: "lease.coordination.k8s.io/" + name in names(), "everywhere")
                self.assertNotIn("old-%d" % number, names())

    def watches(self):
        text = self.client.send("GET", "/metrics").raw.decode()
        return int(re.search(r"(?m)^baton_watches (\d+)$", text).group(1))

    def test_wait_waits(self):
        for number, kubectl in enumerate(kubectls()):
            with self.subTest(kubectl=kubectl):
                name = "work-%d" % number
                token = self.client.elected(name, "run-1", marker="once")
                # One that has to come first: an old kubectl doesn't wait for what isn't there.
                gone, said_gone = self.begin(kubectl, "wait", "--for=delete", "lease/" + name, "--timeout=60s")
                until(lambda: self.watches() == 1, "it watches")
                self.client.complete(name, "run-1", token)
                self.ask(kubectl, "wait", "--for=condition=Done", "dm/" + name, "--timeout=60s")
                self.ask(kubectl, "delete", "lease", name)
                self.assertEqual(0, gone.wait(60), said_gone())
                self.ask(kubectl, "wait", "--for=condition=Failed", "dm/" + name, "--timeout=1s", code=1)
                until(lambda: self.watches() == 0, "none is left")
                if "1.20" in self.ask(kubectl, "version", "--client"):
                    continue
                done, said = self.begin(
                    kubectl, "wait", "--for=create", "dm/late-%d" % number, "--timeout=60s")
                held, said_held = self.begin(
                    kubectl, "wait", "--for=jsonpath={.spec.holderIdentity}=run-9", "lease/held-%d" % number,
                    "--timeout=60s")
                late = self.client.elected("late-%d" % number, "run-1", marker="once")
                self.client.complete("late-%d" % number, "run-1", late)
                self.client.elected("held-%d" % number, "run-9")
                self.assertEqual(0, done.wait(60), said())
                held.wait(60)
                self.assertIn("held-%d" % number, said_held())

    def test_done_markers_are_there_as_a_custom_resource_would_be(self):
        token = self.client.elected("work", "run-1")
        self.client.complete("work", "run-1", token, result={"image": "registry/x@sha256:1"})
        self.client.send(
            "PUT", self.client.path("markers/broken"),
            {"holderIdentity": "run-2", "outcome": "Failed", "reason": "no disk"})
        for kubectl in kubectls():
            with self.subTest(kubectl=kubectl):
                self.assertEqual(
                    [["NAME", "OUTCOME", "HOLDER", "AGE"], ["broken", "Failed", "run-2"],
                     ["work", "Succeeded", "run-1"]],
                    [row[:4] if row[0] == "NAME" else row[:3] for row in self.table(kubectl, "get", "dm")])
                self.assertIn("no disk", self.ask(kubectl, "get", "baton", "-o", "wide"))
                self.assertEqual(
                    "registry/x@sha256:1",
                    self.ask(kubectl, "get", "donemarker", "work", "-o", "jsonpath={.spec.result.image}"))
                self.assertIn(
                    "condition met", self.ask(kubectl, "wait", "--for=condition=Done", "dm/work", "--timeout=5s"))
                self.assertIn(
                    "condition met", self.ask(kubectl, "wait", "--for=condition=Failed", "dm/broken", "--timeout=5s"))

    def test_what_there_is_and_what_it_means(self):
        self.three_leases()
        for kubectl in kubectls():
            with self.subTest(kubectl=kubectl):
                resources = self.ask(kubectl, "api-resources")
                for expected in (r"leases +coordination.k8s.io/v1 +true +Lease",
                                 r"donemarkers +dm +coordination.baton.dev/v1 +true +DoneMarker",
                                 r"namespaces +ns +v1 +false +Namespace"):
                    self.assertRegex(resources, expected)
                self.assertIn("coordination.baton.dev/v1\n", self.ask(kubectl, "api-versions"))
                self.assertRegex(self.ask(kubectl, "describe", "lease", "alpha"), r"Holder Identity: +run-alpha")
                self.assertIn("coordination.baton.dev/last-end: failed", self.ask(kubectl, "describe", "lease/gamma"))
                self.assertRegex(self.ask(kubectl, "describe", "ns", "ci"), r"Status: +Active")
                explained = self.ask(kubectl, "explain", "lease.spec")
                for field in ("acquireTime", "holderIdentity", "leaseDurationSeconds", "renewTime"):
                    self.assertIn(field, explained)
                self.assertIn("retentionSeconds", self.ask(kubectl, "explain", "dm", "--recursive"))
                self.ask(kubectl, "explain", "lease.nosuch", code=1)
                self.assertEqual("yes\n", self.ask(kubectl, "auth", "can-i", "get", "leases"))
                self.assertIn("donemarkers.coordination.baton.dev", self.ask(kubectl, "auth", "can-i", "--list"))
                self.assertIn("v1.36", self.ask(kubectl, "version"))

    def test_a_kubeconfig_names_the_server_and_the_token(self):
        config = yaml.safe_load(self.kubeconfig(self.batond.url, BATON_TOKEN="btk_secret"))
        self.assertEqual({"token": "btk_secret"}, config["users"][0]["user"])
        self.assertIn("kubectl sends no token over http", self.said)
        with open(self.path("token"), "w") as file:
            file.write("btk_secret\n")
        config = yaml.safe_load(self.kubeconfig(self.batond.url, BATON_TOKEN_FILE=self.path("token")))
        self.assertEqual({"tokenFile": self.path("token")}, config["users"][0]["user"])
        self.assertEqual(self.batond.url, config["clusters"][0]["cluster"]["server"])
        self.assertEqual("ci", config["contexts"][0]["context"]["namespace"])
        refused = subprocess.run(
            [BATON, "kubeconfig", "--server", "unix:/run/batond.sock"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment())
        self.assertEqual((64, ""), (refused.returncode, refused.stdout))


class WithTokens(WithKubectl, TLSStory):
    def test_kubectl_is_who_its_token_says(self):
        file, secrets = tokens(self.folder, ("vera", "viewer", ["ci"]), ("ops", "admin", ["*"]))
        batond = self.tls_daemon(auth__tokensFile=file)
        status, _ = batond.ask(
            "POST", "/v1/namespaces/ci/leases/alpha/campaign", {"holderIdentity": "run-alpha"},
            headers={"Authorization": "Bearer " + secrets["ops"], "Content-Type": "application/json"})
        self.assertEqual(200, status)
        for kubectl in kubectls():
            with self.subTest(kubectl=kubectl):
                config = self.kubeconfig(
                    batond.tls_url, "--ca-file", self.authority.file, BATON_TOKEN=secrets["vera"])
                self.assertEqual("", self.said)
                self.write_config(config)
                self.assertEqual("run-alpha", self.ask(
                    kubectl, "get", "lease", "alpha", "-o", "jsonpath={.spec.holderIdentity}"))
                self.assertEqual("yes\n", self.ask(kubectl, "auth", "can-i", "list", "leases"))
                denied = self.ask(kubectl, "get", "leases", "-n", "dev", code=1)
                self.assertIn('User "vera" cannot list resource "leases"', denied)
                self.assertIn("the token reaches ci only", denied)
                self.assertIn("forbidden", self.ask(kubectl, "get", "leases", "-A", code=1))
                self.write_config(config.replace(secrets["vera"], "wrong"))
                self.assertIn("must be logged in", self.ask(kubectl, "get", "leases", code=1))
                self.write_config(config.replace(secrets["vera"], secrets["ops"]))
                self.assertIn("run-alpha", self.ask(kubectl, "get", "leases", "-A"))


class Face(Story):
    """What kubectl doesn't show: by plain HTTP."""

    def get(self, client, path, accept=None, method="GET", token=None, body=None, content=None):
        headers = {"User-Agent": "test"}
        if accept:
            headers["Accept"] = accept
        if token:
            headers["Authorization"] = "Bearer " + token
        if content:
            headers["Content-Type"] = content
        return client.send(method, path, body, headers, documented=False)

    def test_a_list_loses_nothing_while_things_change(self):
        """Parts of a list carry the version of the first: what came later is younger than that."""
        batond = self.daemon()
        client = batond.client()
        before = ["a-%03d" % index for index in range(25)]
        for name in before:
            client.elected(name, "run-" + name)
        there, seen, versions = list(before), [], set()
        path = first = LEASES % "ci" + "?limit=4"
        while path:
            page = self.get(client, path)
            seen += [(item["metadata"]["name"], int(item["metadata"]["resourceVersion"])) for item in page["items"]]
            versions.add(int(page["metadata"]["resourceVersion"]))
            token = page["metadata"].get("continue")
            path = token and first + "&continue=" + token
            if path:
                left = [name for name in there if name > seen[-1][0]]
                self.assertEqual(len(left), page["metadata"]["remainingItemCount"])
            if len(there) < 30:
                there.append("b-%03d" % len(there))
                client.elected(there[-1], "run-later")
        self.assertEqual(1, len(versions))
        self.assertEqual(there, [name for name, _ in seen])
        for name, version in seen:
            self.assertEqual(name.startswith("b"), version > max(versions))

    def test_a_list_comes_whole_in_every_form(self):
        """Longer than what is read at once, over namespaces that begin and end within it."""
        batond = self.daemon()
        client = batond.client()
        names = []
        for namespace, count in (("a", 101), ("b", 100), ("c", 1)):
            for index in range(count):
                name = "m-%03d" % index
                client.send(
                    "PUT", "/v1/namespaces/%s/markers/%s" % (namespace, name), {"holderIdentity": "run"})
                names.append((namespace, name))
        path = "/apis/coordination.baton.dev/v1/donemarkers"

        def listed(items):
            return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in items]

        whole = self.get(client, path)
        self.assertEqual(names, listed(whole["items"]))
        shown = self.get(client, path + "?pretty=true")
        self.assertEqual(whole.body, shown.body)
        self.assertEqual(json.dumps(shown.body, indent=2, ensure_ascii=False), shown.raw.decode())
        self.assertEqual(whole.body, yaml.safe_load(self.get(client, path, "application/yaml").raw))
        table = self.get(client, path + "?pretty=true", "application/json;as=Table;v=v1;g=meta.k8s.io")
        self.assertEqual([name for _, name in names], [row["cells"][0] for row in table["rows"]])
        self.assertEqual(
            names[:1], listed(self.get(client, path + "?fieldSelector=metadata.namespace=a&limit=1")["items"]))
        self.assertEqual(
            [("a", "m-000"), ("b", "m-000"), ("c", "m-000")],
            listed(self.get(client, path + "?fieldSelector=metadata.name%3Dm-000")["items"]))
        empty = self.get(client, LEASES % "none" + "?pretty=true")
        self.assertEqual(json.dumps(empty.body, indent=2), empty.raw.decode())
        self.assertEqual([], yaml.safe_load(self.get(client, LEASES % "none", "application/yaml").raw)["items"])

    def test_a_part_ends_after_a_mebibyte(self):
        batond = self.daemon()
        client = batond.client()
        for index in range(24):
            client.send(
                "PUT", client.path("markers/m-%02d" % index),
                {"holderIdentity": "run", "result": {"text": "x" * 60000}})
        path = "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers"
        part = self.get(client, path + "?limit=500")
        self.assertLess(len(part.raw), 1200000)
        self.assertEqual(24, len(part["items"]) + part["metadata"]["remainingItemCount"])
        rest = self.get(client, path + "?limit=500&continue=" + part["metadata"]["continue"])
        self.assertEqual(24, len(part["items"]) + len(rest["items"]))
        self.assertEqual(24, len(self.get(client, path)["items"]))

    def test_versions_and_forms(self):
        batond = self.daemon()
        client = batond.client()
        client.elected("work", "run-1")
        path = LEASES % "ci"
        self.assertEqual(504, self.get(client, path + "?resourceVersion=1000").status)
        client.elected("more", "run-1")
        self.assertEqual(410, self.get(client, path + "?resourceVersion=1&resourceVersionMatch=Exact").status)
        self.assertEqual(404, self.get(client, path + "/nosuch").status)
        self.assertEqual(405, self.get(client, path, method="PATCH").status)
        self.assertEqual(406, self.get(client, path, "application/*").status)
        self.assertEqual("404 page not found\n", self.get(client, "/apis/nosuch.io/v1").raw.decode())
        binary = self.get(client, path, PROTOBUF)
        self.assertEqual(b"k8s\0", binary.raw[:4])
        self.assertEqual(PROTOBUF, binary.media)
        again = client.send(
            "GET", "/openapi/v2", None,
            {"If-None-Match": self.get(client, "/openapi/v2").headers["etag"]}, documented=False)
        self.assertEqual((304, b""), (again.status, again.raw))

    def test_who_may_what(self):
        file, secrets = tokens(
            self.folder, ("vera", "viewer", ["ci"]), ("run", "runner", ["ci"]), ("ops", "admin", ["*"]))
        client = self.daemon(auth__tokensFile=file).client()

        stranger = self.get(client, "/apis/nosuch.io")
        self.assertEqual((401, "Unauthorized"), (stranger.status, stranger["reason"]))
        self.assertEqual("Status", self.get(client, LEASES % "ci", token="wrong")["kind"])
        for who, path, status in (
                ("vera", LEASES % "ci", 200), ("vera", LEASES % "dev", 403), ("ops", LEASES % "dev", 200),
                ("vera", "/apis/coordination.k8s.io/v1/leases", 403),
                ("ops", "/apis/coordination.k8s.io/v1/leases", 200), ("vera", "/api/v1/namespaces", 403),
                ("vera", "/api/v1/namespaces/ci", 404), ("vera", "/apis", 200), ("vera", "/version", 200)):
            answer = self.get(client, path, token=secrets[who])
            self.assertEqual(status, answer.status, (who, path, answer))
            if status == 403:
                self.assertEqual(("Status", "Forbidden"), (answer["kind"], answer["reason"]))
        reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        for who, verb, namespace, allowed in (
                ("vera", "get", "ci", True), ("vera", "create", "ci", False), ("vera", "get", "dev", False),
                ("run", "create", "ci", True), ("run", "delete", "ci", False), ("run", "list", "", False),
                ("ops", "delete", "dev", True), ("ops", "list", "", True)):
            asked = {"spec": {"resourceAttributes": {
                "namespace": namespace, "verb": verb, "group": "coordination.k8s.io", "resource": "leases"}}}
            answer = self.get(client, reviews, method="POST", token=secrets[who], body=asked)
            self.assertEqual((201, allowed), (answer.status, answer["status"]["allowed"]), (who, asked))
        self.recorded(client, secrets["ops"])
        me = self.get(
            client, "/apis/authentication.k8s.io/v1/selfsubjectreviews", method="POST", token=secrets["run"], body={})
        self.assertEqual("run", me["status"]["userInfo"]["username"])

    def recorded(self, client, secret):
        """A refusal here is one like any other."""
        def refused():
            record = client.send("GET", "/v1/audit?namespace=dev", None, {"Authorization": "Bearer " + secret})
            return [entry for entry in record["items"] if entry["outcome"] == "refused"]
        entry = until(refused, "the refusal is recorded")[0]
        self.assertEqual(("read", "forbidden", "vera"), (entry["verb"], entry["reason"], entry["identity"]))

    def test_who_asks_too_often_is_told_in_the_words_of_kubernetes(self):
        batond = self.daemon(rate__perSecond=1, rate__burst=3, rate__limitAddresses="true")
        client = batond.client()
        answers = [self.get(client, "/apis") for _ in range(8)]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertTrue(refused)
        self.assertEqual("TooManyRequests", refused[0]["reason"])
        self.assertGreaterEqual(int(refused[0].headers["retry-after"]), 1)
