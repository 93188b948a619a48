"""What the tests of issuers' tokens share: a daemon that takes those of a local issuer."""

import hashlib
import http.client
import json
import os
import re
import signal
import socket

from issuer import Issuer, Key
from support import Story, until

# As docs/authentication.md has it.
RULES = r"""
    audiences: [baton]
    rules:
      - when: {event_name: pull_request}
        identity: "github:{repository}:{ref}"
        role: viewer
        namespaces: [ci]
      - when: {repository: example/app, ref: [refs/heads/main, refs/heads/release-*]}
        identity: "github:{repository}:{ref}"
        role: runner
        namespaces: [ci, "ci-{environment}"]
      - when: {kubernetes\.io.namespace: ci-op-*}
        identity: "{sub}"
        role: runner
        namespaces: ['{kubernetes\.io.namespace}']
"""
MAIN = {"repository": "example/app", "ref": "refs/heads/main", "event_name": "push", "environment": "prod"}
STATIC = "btk_of-the-test"
OPERATOR = "btk_of-its-operator"


def bearer(token):
    return {"Authorization": "Bearer " + token}


class Issued(Story):
    def setUp(self):
        super().setUp()
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)
        self.key = Key("first")
        self.issuer.keys["ci"] = [self.key]
        self.file, self.tokens = self.path("issuers.yaml"), self.path("tokens")
        self.write_issuers("ci")
        with open(self.tokens, "w") as file:
            digest = hashlib.sha256(STATIC.encode()).hexdigest()
            file.write("sha256:%s identity=static role=runner namespaces=*\n" % digest)
            digest = hashlib.sha256(OPERATOR.encode()).hexdigest()
            file.write("sha256:%s identity=ops role=admin namespaces=*\n" % digest)
            file.write("uid:%d role=runner namespaces=ci\n" % os.getuid())

    def write_issuers(self, *names, rules=RULES, more=""):
        text = "issuers:\n" + "".join(
            "  - issuer: %s%s%s\n" % (self.issuer.url(name), rules.rstrip(), more) for name in names)
        with open(self.file, "w") as file:
            file.write(text)

    def serve(self, unix=False, **settings):
        self.batond = self.daemon(
            start=False, auth__issuersFile=self.file, auth__tokensFile=self.tokens, **settings)
        if unix:
            self.batond.settings["listen"] = "127.0.0.1:%d,unix:%s" % (self.batond.port, self.path("socket"))
        self.batond.start()
        self.client = self.batond.client()
        return self.batond

    def ask(self, token, method="GET", rest="leases", body=None, client=None):
        client = client or self.client
        return client.send(method, client.path(rest), body, bearer(token))

    def campaign(self, token, name, holder="anna", **fields):
        body = dict(holderIdentity=holder, **fields)
        return self.ask(token, "POST", "leases/%s/campaign" % name, body)

    def token(self, key=None, name="ci", **claims):
        return (key or self.key).token(self.issuer.claims(name, **{**MAIN, **claims}))

    def figures(self):
        raw = self.client.send("GET", "/metrics", headers=bearer(STATIC)).raw.decode()
        return {name: float(value) for name, value in re.findall(r"^(\S+) (\S+)$", raw, re.M)}

    def over_unix(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path("socket"))
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        result = answer.status, json.loads(answer.read() or b"{}")
        connection.close()
        return result

    def reload(self, expected):
        before = len(self.batond.log())
        self.batond.process.send_signal(signal.SIGHUP)
        until(lambda: re.search(expected, self.batond.log()[before:]), "the log says %s" % expected)

    def recorded_reloads(self):
        return self.client.send("GET", "/v1/audit?verb=reload", headers=bearer(OPERATOR))["items"]
