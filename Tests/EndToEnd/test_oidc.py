"""Tokens of an issuer: who gets what by them, and all that makes one refused."""

import json
import os
import select
import socket
import threading
import time

from issued import MAIN, RULES, STATIC, Issued, bearer
from issuer import Issuer, Key, certificate, encoded
from support import until

SECONDS = 10


class OIDC(Issued):
    def test_claims_decide_who_may_what(self):
        self.issuer.keys["ci"].append(Key("second", "RS256"))
        self.serve()
        for key in self.issuer.keys["ci"]:
            answer = self.campaign(self.token(key), "of-" + key.kid)
            self.assertEqual("elected", answer.outcome, answer)
            hold = self.ask(STATIC, rest="leases/of-%s/history" % key.kid)["items"][0]
            self.assertEqual("github:example/app:refs/heads/main", hold["principal"])
        # A fork's pull request reads, and no more.
        fork = self.token(event_name="pull_request", ref="refs/pull/7/merge")
        self.assertEqual(200, self.ask(fork).status)
        refused = self.campaign(fork, "work")
        self.assertProblem(refused, 403, "forbidden")
        self.assertEqual("github:example/app:refs/pull/7/merge", refused["identity"])
        # A claim's value is a namespace of its own, not a pattern.
        self.client.namespace = "ci-prod"
        self.assertEqual(200, self.ask(self.token()).status)
        self.client.namespace = "ci-prod-2"
        self.assertProblem(self.ask(self.token()), 403, "forbidden")
        self.client.namespace = "ci"
        for claims, words in (
                (dict(repository="evil/app"), "no rule of its issuer"),
                (dict(environment="*"), "can't stand there"), (dict(environment=None), "has no such string"),
                (dict(ref="refs/heads/release-x y"), "is not valid")):
            answer = self.ask(self.token(**claims))
            self.assertProblem(answer, 403, "forbidden")
            self.assertIn(words, answer["detail"])
        self.client.namespace = "ci-op-1"
        account = self.token(
            repository=None, sub="system:serviceaccount:ci-op-1:builder",
            **{"kubernetes.io": {"namespace": "ci-op-1"}})
        self.assertEqual("elected", self.campaign(account, "work").outcome)
        self.client.namespace = "ci-op-2"
        self.assertProblem(self.ask(account), 403, "forbidden")

    def test_a_hold_belongs_to_who_authenticated(self):
        self.serve(unix=True)
        main, other = self.token(), self.token(ref="refs/heads/release-1")
        claim = {"holderIdentity": "anna", "fencingToken": self.campaign(main, "work")["fencingToken"]}
        for verb in ("renew", "complete", "resign"):
            for stranger in (other, STATIC):
                answer = self.ask(stranger, "POST", "leases/work/" + verb, claim)
                self.assertProblem(answer, 409, "not-the-holder")
            status, body = self.over_unix("POST", self.client.path("leases/work/" + verb), claim)
            self.assertEqual((409, "urn:baton:problem:not-the-holder"), (status, body["type"]))
        # Another token with the same claims is the same holder.
        again = self.token(jti="another")
        self.assertNotEqual(main, again)
        self.assertEqual(200, self.ask(again, "POST", "leases/work/renew", claim).status)
        self.assertEqual(200, self.ask(main, "POST", "leases/work/complete", claim).status)

    def test_a_Unix_user_needs_no_token_and_a_token_counts_more(self):
        self.serve(unix=True)
        path = self.client.path("leases/work/campaign")
        status, body = self.over_unix("POST", path, {"holderIdentity": "anna"})
        self.assertEqual((200, "elected"), (status, body["outcome"]))
        hold = self.ask(STATIC, rest="leases/work/history")["items"][0]
        self.assertEqual("unix:%d" % os.getuid(), hold["principal"])
        self.assertEqual(403, self.over_unix("GET", "/v1/namespaces/prod/leases")[0])
        self.assertEqual(200, self.over_unix("GET", "/v1/namespaces/prod/leases", None, bearer(STATIC))[0])
        # A wrong token isn't made good by the user behind it.
        self.assertEqual(401, self.over_unix("GET", self.client.path("leases"), None, bearer("btk_wrong"))[0])
        # Over TCP nobody knows the user.
        self.assertProblem(self.client.send("GET", self.client.path("leases")), 401, "unauthenticated")

    def test_a_run_goes_on_when_its_token_file_gets_another_token(self):
        second = Key("second")
        self.issuer.keys["ci"].append(second)
        self.serve()
        path, go = self.path("token"), self.path("go")

        def write(token):
            with open(path + ".new", "w") as file:
                file.write(token + "\n")
            os.rename(path + ".new", path)

        write(self.token())
        run = self.baton(
            self.batond, "run", "tour", "--input", "a", "--renew-interval", "200ms", "--", "sh", "-c",
            "until [ -e %s ]; do sleep 0.02; done" % go, env={"BATON_TOKEN_FILE": path})
        until(lambda: self.figures()["baton_renewals_total"] > 1, "it renews")
        # The first key is withdrawn: its token is good for nothing from here on.
        write(self.token(second))
        self.issuer.keys["ci"].remove(self.key)
        self.write_issuers("ci", more="\n    jwksURL: %s/keys" % self.issuer.url("ci"))
        self.reload("an issuer's keys were fetched")
        renewed = self.figures()["baton_renewals_total"]
        until(lambda: self.figures()["baton_renewals_total"] > renewed + 2, "it renews with the new token")
        open(go, "w").close()
        self.assertEqual(0, run.wait(), run.err)
        self.assertProblem(self.ask(self.token()), 401, "unauthenticated")

    def test_a_job_of_GitHubs_gets_its_tokens_itself(self):
        self.serve()
        mint = "/mint?api-version=2.0&audience=https%3A%2F%2Fbaton.example%2Fa"
        self.issuer.answers[mint] = 200, json.dumps({"count": 1, "value": self.token()}).encode()
        job = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.issuer.url("mint?api-version=2.0"),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
        run = self.baton(
            self.batond, "run", "tour", "--input", "a", "--renew-interval", "100ms", "--token-source", "github",
            "--token-audience", "https://baton.example/a", "--", "sleep", "0.5", env=job)
        self.assertEqual(0, run.wait(), run.err)
        marker, = self.ask(STATIC, rest="markers")["items"]
        self.assertEqual("github:example/app:refs/heads/main", marker["principal"])
        asked = [headers["Authorization"] for path, headers in self.issuer.asked if path == mint]
        # The guardian has credentials of its own.
        self.assertEqual({"Bearer of-the-job"}, set(asked))
        self.assertLessEqual(len(asked), 2, "one serves many renewals")
        self.issuer.answers[mint] = 403, b"{}"
        refused = self.baton(
            self.batond, "status",
            env={**job, "BATON_TOKEN_SOURCE": "github", "BATON_TOKEN_AUDIENCE": "https://baton.example/a"})
        self.assertEqual(69, refused.wait(), refused.err)
        self.assertIn("GitHub gives no token: HTTP 403", refused.err)

    def test_every_forgery_and_mistake_is_refused_with_its_reason(self):
        rsa = Key("rsa", "RS256")
        self.issuer.keys["ci"].append(rsa)
        self.issuer.keys["other"] = [Key("first")]
        self.serve()
        good, claims, now = self.token(), {**self.issuer.claims(), **MAIN}, time.time()
        head, payload, signature = good.split(".")
        flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
        twice = json.dumps(claims)[:-1] + ',"repository":"example/app"}'
        refusals = (
            ("%s.%s." % (encoded({"alg": "none"}), payload), "alg none"),
            ("%s.%s.%s" % (encoded({"alg": "None", "kid": "first"}), payload, signature), "alg none"),
            (self.key.token_by_secret(claims), "HS256, which signs with a shared secret"),
            (rsa.token_by_secret(claims), "HS256, which signs with a shared secret"),
            (rsa.token(claims, alg="RS512"), "RS512"),
            (rsa.token(claims, alg="ES256"), "signature is not that of"),
            (rsa.token(claims, kid="first"), "signature is not that of"),
            (self.key.token(claims, alg="RS256"), "signature is not that of"),
            (self.key.token(claims, alg="RS256", kid="rsa"), "signature is not that of"),
            (Key("first").token(claims), "signature is not that of"),
            (self.key.token(claims, crit=["exp"]), "crit"),
            (self.key.token(claims, kid="stranger"), "a key that its issuer"),
            ("%s.%s.%s" % (head, payload, flipped), "signature is not that of"),
            ("%s.%s.%s" % (head, encoded(dict(claims, repository="evil/app")), signature), "signature is not that"),
            (good[:-10], "signature is not that of"), (head + "." + payload, "2 parts"),
            ("%s.%s.%s=" % (head, payload, signature), "base64url"),
            (self.key.token(twice.encode()), "comes twice"),
            (self.key.token(b"[1]"), "payload that is an array"),
            (self.token(padding="x" * 8192), "longer than 8192 bytes"),
            (self.token(exp=now - 31), "expired"), (self.token(exp=None), "no exp"),
            (self.token(nbf=now + 60), "not yet valid"), (self.token(iat=now + 60), "not yet valid"),
            (self.token(aud="another"), "is meant for another"), (self.token(aud=None), "is meant for nobody"),
            (self.token(iss="https://evil.example"), "is not one that is known here"),
            (self.token(iss=self.issuer.url("other")), "is not one that is known here"),
            (self.token(iss=self.issuer.url("ci") + "/"), "is not one that is known here"),
            (self.token(sub=None), "no sub"),
        )
        for token, words in refusals:
            answer = self.ask(token)
            self.assertProblem(answer, 401, "unauthenticated")
            self.assertIn(words, answer["detail"])
            self.assertEqual('Bearer realm="baton", error="invalid_token"', answer.headers["www-authenticate"])
        self.assertEqual(200, self.ask(good).status)
        self.assertEqual(200, self.ask(self.token(exp=now - 20, nbf=now + 20)).status, "the clocks may differ a little")
        figures = self.figures()
        self.assertEqual(8, figures['baton_issuer_tokens_total{outcome="signature"}'])
        self.assertEqual(5, figures['baton_issuer_tokens_total{outcome="algorithm"}'])
        self.assertEqual(1, figures['baton_issuer_tokens_total{outcome="expired"}'])
        self.assertEqual(1, self.issuer.fetches("ci"), "a stranger's kid so soon is no reason to fetch")

    def test_a_request_waits_for_the_keys_and_others_go_on(self):
        self.issuer.open.clear()
        self.serve()
        answers = []
        waiter = threading.Thread(
            target=lambda: answers.append(self.ask(self.token(), client=self.batond.client())))
        waiter.start()
        until(lambda: self.issuer.asked, "the keys are asked for")
        for _ in range(20):
            self.assertEqual(200, self.ask(STATIC).status)
        self.assertEqual([], answers)
        # One who goes meanwhile is forgotten, and harms nobody.
        gone = socket.create_connection(("127.0.0.1", self.batond.port))
        gone.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n" % self.token().encode())
        gone.close()
        self.assertEqual(200, self.ask(STATIC).status)
        self.issuer.open.set()
        waiter.join(60)
        self.assertEqual([200], [answer.status for answer in answers])
        # Verified once, remembered then.
        token = self.token()
        for _ in range(10):
            self.assertEqual(200, self.ask(token).status)
        self.assertGreaterEqual(self.figures()['baton_issuer_tokens_total{outcome="remembered"}'], 9)

    def test_what_waits_for_keys_has_a_limit(self):
        self.issuer.open.clear()
        self.serve()
        until(lambda: self.issuer.asked, "the keys are asked for")
        head = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nAuthorization: Bearer %s\r\n\r\n" % (
            self.client.path("leases/work/campaign"), self.token())
        peers = []
        for _ in range(20):
            peers.append(socket.create_connection(("127.0.0.1", self.batond.port)))
            peers[-1].sendall(head.encode() + b" " * 1000000)
        # 16 MiB of bodies wait, and the rest is told to come again.
        until(lambda: len(select.select(peers, [], [], 0)[0]) >= 4, "some are told")
        told = select.select(peers, [], [], 0)[0]
        answers = [peer.recv(4096) for peer in told]
        self.assertEqual(4, sum(b" 503 " in answer and b"IssuerUnreachable" in answer for answer in answers), answers)
        self.assertEqual(200, self.ask(STATIC).status)
        self.issuer.open.set()
        for peer in set(peers) - set(told):
            self.assertIn(b" 400 ", peer.recv(4096), "its body is looked at when it is known whose it is")
        for peer in peers:
            peer.close()

    def test_an_issuer_that_says_nonsense_is_told_apart(self):
        url, answers = self.issuer.url, self.issuer.answers
        answers["/malformed/keys"] = 200, b"{"
        answers["/huge/keys"] = 200, b" " * (2 << 20)
        answers["/empty/keys"] = 200, b'{"keys":[]}'
        answers["/twice/keys"] = 200, json.dumps({"keys": [self.key.jwk, Key("first").jwk]}).encode()
        answers["/weak/keys"] = 200, json.dumps({"keys": [Key("first", "RS256", 1024).jwk]}).encode()
        answers["/moved/keys"] = 302, b"", [("Location", url("ci") + "/keys")]
        answers["/absent/keys"] = 404, b""
        document = "/%s/.well-known/openid-configuration"
        answers[document % "liar"] = 200, json.dumps({"issuer": url("ci"), "jwks_uri": url("ci") + "/keys"}).encode()
        answers[document % "plain"] = 200, json.dumps(
            {"issuer": url("plain"), "jwks_uri": "http://issuer.example/keys"}).encode()
        reasons = {
            "malformed": "is no JSON", "huge": "more than 1048576 bytes", "empty": "no key that could be used",
            "twice": "two of its keys have the kid first", "weak": "no RSA key of 2048", "moved": "answered HTTP 302",
            "absent": "answered HTTP 404", "liar": "names another issuer", "plain": "no jwks_uri with https"}
        self.write_issuers("ci", *reasons)
        self.serve()
        for name, words in reasons.items():
            answer = self.ask(self.token(name=name))
            self.assertProblem(answer, 503, "unavailable")
            self.assertEqual(("IssuerUnreachable", "2"), (answer["reason"], answer.headers["retry-after"]))
            self.assertIn(words, answer["detail"])
        self.assertEqual(200, self.ask(self.token()).status)
        # That is worth knowing, and no reason to send anybody away.
        self.assertEqual(200, self.client.send("GET", "/readyz").status)
        checks = self.client.send("GET", "/readyz?verbose")
        self.assertEqual(200, checks.status)
        for name in reasons:
            self.assertIn("[!]issuer %s: the keys can't be fetched, there are none" % url(name), checks.raw.decode())
        self.assertNotIn("issuer %s:" % url("ci"), checks.raw.decode())
        figures = self.figures()
        self.assertEqual(len(reasons), figures["baton_issuers_unreachable"])
        self.assertEqual(
            (1, len(reasons)),
            tuple(figures['baton_key_fetches_total{outcome="%s"}' % name] for name in ("fetched", "failed")))

    def test_TLS_is_verified_and_a_bearer_token_goes_to_the_configured_host_only(self):
        pem = certificate(self.path("issuer.pem"))
        secure = Issuer(tls=pem)
        self.addCleanup(secure.close)
        secure.keys["ci"] = [self.key]
        elsewhere = secure.url("ci").replace("127.0.0.1", "localhost") + "/keys"
        secure.answers["/away/.well-known/openid-configuration"] = 200, json.dumps(
            {"issuer": secure.url("away"), "jwks_uri": elsewhere}).encode()
        with open(self.path("bearer"), "w") as file:
            file.write("of-the-cluster\n")
        trusted = "\n    caFile: %s\n    bearerTokenFile: %s" % (pem, self.path("bearer"))
        with open(self.file, "w") as file:
            file.write("issuers:\n")
            for name, more in (("known", trusted), ("unknown", "")):
                file.write("  - issuer: https://%s.example\n    jwksURL: %s/keys%s%s" % (
                    name, secure.url("ci"), more, RULES))
            file.write("  - issuer: %s%s%s" % (secure.url("away"), trusted, RULES))
        self.serve()
        self.assertEqual(200, self.ask(self.token(iss="https://known.example")).status)
        answer = self.ask(self.token(iss="https://unknown.example"))
        self.assertProblem(answer, 503, "unavailable")
        self.assertRegex(answer["detail"], "(?i)certificate")
        self.assertProblem(self.ask(self.token(iss=secure.url("away"))), 503, "unavailable")
        shown = {headers.get("Authorization") for path, headers in secure.asked if path == "/ci/keys"}
        self.assertEqual({"Bearer of-the-cluster"}, shown)

    def test_SIGHUP_reads_the_issuers_again_and_a_broken_file_changes_nothing(self):
        self.issuer.keys["new"] = [self.key]
        self.serve()
        main, new = self.token(), self.token(name="new")
        self.assertEqual((200, 401), (self.ask(main).status, self.ask(new).status))
        self.write_issuers("new")
        self.reload(r'the issuers were read again added="1 \(\S+/new\)" changed=0 .*removed="1 \(\S+/ci\)"')
        self.assertEqual((401, 200), (self.ask(main).status, self.ask(new).status))
        reloads = until(self.recorded_reloads, "the reload is recorded")
        self.assertIn(self.issuer.url("new"), reloads[0]["details"]["issuers.added"])
        fetched = self.issuer.fetches("new")
        # Keys stay when only rules differ; what was verified is judged by the new ones.
        self.write_issuers("new", rules=RULES.replace("example/app", "example/other"))
        self.reload(r'the issuers were read again .*changed="1 \(\S+/new\)"')
        self.assertProblem(self.ask(new), 403, "forbidden")
        self.assertEqual(fetched, self.issuer.fetches("new"))
        incomplete = "issuers:\n  - issuer: http://issuer.example\n    audiences: [a]\n    rules: [{}]\n"
        for text, words in (
                ("issuers: [}", r"issuers.yaml:1: "), ("", "it is empty"), (incomplete, "identity: is missing")):
            with open(self.file, "w") as file:
                file.write(text)
            self.reload("the issuers can't be read again; those from before stay .*" + words)
            self.assertProblem(self.ask(new), 403, "forbidden")
