"""Who may do what: tokens, roles, namespaces, and that a hold belongs to who authenticated."""

import os
import re
import signal
import subprocess

from support import BATOND, Story, environment, until
from test_contract import BODIES, READS

SECONDS = 8

OPEN = ("/livez", "/readyz")


def bearer(secret):
    return {"Authorization": "Bearer " + secret}


class TokenStory(Story):
    """A daemon with tokens of each role."""

    def setUp(self):
        super().setUp()
        self.file = self.path("tokens")
        self.lines = {}
        self.secrets = {
            who: self.token(who, role, *namespaces)
            for who, role, namespaces in (
                ("vera", "viewer", ["ci", "ci-*"]), ("ci-op", "runner", ["ci", "ci-*"]), ("other", "runner", ["*"]),
                ("ops", "admin", ["ci"]))}
        self.write()
        self.batond = self.daemon(auth__tokensFile=self.file)
        self.client = self.batond.client()

    def token(self, identity, role, *namespaces):
        arguments = [BATOND, "token", "create", "--identity", identity, "--role", role]
        for namespace in namespaces:
            arguments += ["--namespace", namespace]
        made = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                              env=environment())
        secret, self.lines[identity] = made.stdout.splitlines()
        self.assertRegex(secret, "^btk_[A-Za-z0-9_-]{43}$")
        self.assertNotIn(secret, self.lines[identity])
        return secret

    def write(self, text=None):
        """As an operator should: the new file takes the place of the old one at once."""
        with open(self.file + ".new", "w") as file:
            file.write("# of the test\n" + "\n".join(self.lines.values()) + "\n" if text is None else text)
        os.rename(self.file + ".new", self.file)

    def reload(self, expected):
        """SIGHUP, and waits for what the log has to say of it."""
        before = len(self.batond.log())
        self.batond.process.send_signal(signal.SIGHUP)
        until(lambda: re.search(expected, self.batond.log()[before:]), "the log says %s" % expected)

    def place(self, rest):
        return rest if rest.startswith("/") else self.client.path(rest)

    def ask(self, who, method, rest, body=None):
        return self.client.send(method, self.place(rest), body, bearer(self.secrets[who]) if who else None)


class Tokens(TokenStory):
    def operations(self):
        """Each with the least role that may."""
        for rest, body in BODIES.items():
            yield "POST", rest, body, "admin" if rest.endswith(("revoke", "clear-abandoned", "prune")) else "runner"
        yield "PUT", "markers/work", {"holderIdentity": "anna"}, "runner"
        yield "DELETE", "markers/work?revision=1", None, "admin"
        yield "PUT", "aliases/work", {"target": "work"}, "runner"
        yield "DELETE", "aliases/work?revision=1", None, "admin"
        for rest in READS:
            yield "GET", rest, None, "viewer"
        yield "GET", "/v1/namespaces/%s" % self.client.namespace, None, "viewer"

    def elected(self, who, name, holder="anna", **fields):
        answer = self.ask(who, "POST", "leases/%s/campaign" % name, dict(holderIdentity=holder, **fields))
        self.assertEqual((200, "elected"), (answer.status, answer.outcome), answer)
        return answer["fencingToken"]

    def test_without_a_known_token_nothing_is_done_or_said(self):
        wrong = [None, {"Authorization": "Basic YTpi"}], [
            bearer("btk_" + "a" * 43), bearer("x"), {"Authorization": "Bearer"}, bearer("a b")]
        asked = [(method, self.place(rest), body) for method, rest, body, _ in self.operations()]
        for method, path, body in asked + [("GET", "/v1/status", None)]:
            for given, headers in [(False, each) for each in wrong[0]] + [(True, each) for each in wrong[1]]:
                answer = self.client.send(method, path, body, headers)
                self.assertProblem(answer, 401, "unauthenticated")
                challenge = 'Bearer realm="baton"' + (', error="invalid_token"' if given else "")
                self.assertEqual(challenge, answer.headers["www-authenticate"])
        for kind in ("leases", "markers", "history"):
            self.assertEqual([], self.ask("vera", "GET", kind)["items"])
        # What is there and what isn't, what is right and what is wrong: a stranger can't tell.
        for method, path, body in [
                ("GET", "/v1/nothing", None), ("GET", "/v1/namespaces/CI/leases", None), ("PATCH", "/v1/status", None),
                ("POST", self.client.path("leases/work/campaign"), b"{"),
                ("GET", self.client.path("markers/never"), None)]:
            self.assertProblem(self.client.send(method, path, body, documented=False), 401, "unauthenticated")

    def test_the_probes_and_OPTIONS_are_open(self):
        for path in OPEN:
            self.assertEqual(b"ok\n", self.client.send("GET", path).raw)
            self.assertEqual(b"ok\n", self.client.send("GET", path, headers=bearer("wrong")).raw)
        for method, rest, _, _ in self.operations():
            self.assertEqual(204, self.ask(None, "OPTIONS", rest).status)

    def test_a_role_may_what_those_before_it_may_and_403_says_what_is_missing(self):
        roles = {"viewer": "vera", "runner": "ci-op", "admin": "ops"}
        order = list(roles)
        for method, rest, body, needed in self.operations():
            for role, who in roles.items():
                answer = self.ask(who, method, rest, body)
                if order.index(role) >= order.index(needed):
                    self.assertNotIn(answer.status, (401, 403), answer)
                    continue
                self.assertProblem(answer, 403, "forbidden")
                self.assertEqual((who, role, needed, "ci"), (
                    answer["identity"], answer["role"], answer["neededRole"], answer["namespace"]))
                self.assertIn("the role " + needed, answer["detail"])
                self.assertNotIn("namespaces", answer.body)
        for who in self.secrets:
            self.assertEqual(200, self.ask(who, "GET", "/v1/status").status)

    def test_a_namespace_has_to_be_one_of_the_tokens(self):
        # test_contract wants to see 403 of each operation; here is each, in a namespace too far.
        self.client.namespace = "prod"
        for method, rest, body, _ in self.operations():
            answer = self.ask("ops", method, rest, body)
            self.assertProblem(answer, 403, "forbidden")
            self.assertEqual(("prod", ["ci"]), (answer["namespace"], answer["namespaces"]))
            self.assertNotIn("neededRole", answer.body)
            self.assertIn("prod", answer["detail"])
        self.client.namespace = "ci-op-4"
        self.elected("ci-op", "work")
        self.client.namespace = "cig"
        answer = self.ask("vera", "POST", "leases/work/campaign", {"holderIdentity": "anna"})
        self.assertProblem(answer, 403, "forbidden")
        self.assertEqual(("runner", ["ci", "ci-*"]), (answer["neededRole"], answer["namespaces"]))

    def test_a_hold_belongs_to_who_authenticated(self):
        token = self.elected("ci-op", "work", campaignID="c")
        claim = {"holderIdentity": "anna", "fencingToken": token}
        for verb in ("renew", "complete", "resign"):
            answer = self.ask("other", "POST", "leases/work/" + verb, claim)
            self.assertProblem(answer, 409, "not-the-holder")
        # Nor does another get the token by calling itself the same.
        answer = self.ask("other", "POST", "leases/work/campaign", {"holderIdentity": "anna", "campaignID": "c"})
        self.assertEqual((202, "waiting"), (answer.status, answer.outcome))
        self.assertEqual(token, self.elected("ci-op", "work", campaignID="c"))
        self.assertEqual(200, self.ask("ci-op", "POST", "leases/work/renew", claim).status)
        done = self.ask("ci-op", "POST", "leases/work/complete", claim)
        self.assertEqual((200, "ci-op"), (done.status, done["marker"]["principal"]))
        self.assertProblem(self.ask("other", "POST", "leases/work/complete", claim), 409, "not-the-holder")

    def test_a_revocation_and_a_marker_say_who_made_them(self):
        token = self.elected("ci-op", "work")
        ended = self.ask("ops", "POST", "leases/work/revoke", {"fencingToken": token, "reason": "hangs"})
        self.assertEqual((200, "ops"), (ended.status, ended["hold"]["endedBy"]))
        self.assertEqual("ci-op", ended["hold"]["principal"])
        made = self.ask("other", "PUT", "markers/made", {"holderIdentity": "anna"})
        self.assertEqual((201, "other"), (made.status, made["marker"]["principal"]))

    def test_holds_and_their_owners_outlive_a_restart(self):
        claim = {"holderIdentity": "anna", "fencingToken": self.elected("ci-op", "work")}
        self.client.close()
        self.batond.restart()
        self.assertProblem(self.ask("other", "POST", "leases/work/renew", claim), 409, "not-the-holder")
        self.assertEqual(200, self.ask("ci-op", "POST", "leases/work/renew", claim).status)

    def test_SIGHUP_reads_the_tokens_again_and_a_broken_file_changes_nothing(self):
        claim = {"holderIdentity": "anna", "fencingToken": self.elected("ci-op", "work")}
        self.secrets["new"] = self.token("new", "runner", "ci")
        self.assertProblem(self.ask("new", "GET", "leases/work"), 401, "unauthenticated")
        del self.lines["other"]
        self.lines["vera"] = self.lines["vera"].replace("role=viewer", "role=runner")
        self.write()
        self.reload(r'notice: .*added="1 \(new\)" changed="1 \(vera\)" removed="1 \(other\)" tokens=4')
        # The connection is the same as before.
        self.assertEqual(200, self.ask("new", "GET", "leases/work").status)
        self.assertProblem(self.ask("other", "GET", "leases/work"), 401, "unauthenticated")
        self.elected("vera", "lock", marker="none")
        self.assertEqual(200, self.ask("ci-op", "POST", "leases/work/renew", claim).status)

        self.write("\n".join(self.lines.values()) + "\n" + self.secrets["new"] + " role=admin\n")
        self.reload(r"error: .*tokens:5: sha256: this is a secret")
        self.assertNotIn(self.secrets["new"], self.batond.log())
        os.remove(self.file)
        self.reload(r"error: .*No such file")
        for who, status in (("new", 200), ("ci-op", 200), ("vera", 200), ("ops", 200), ("other", 401)):
            self.assertEqual(status, self.ask(who, "GET", "leases/work").status)

    def test_a_broken_file_stops_the_start(self):
        self.write("sha256:12 identity=a role=runner namespaces=*\n")
        daemon = self.daemon(start=False, auth__tokensFile=self.file)
        daemon.start(ready=False)
        self.assertEqual(1, daemon.process.wait(60))
        self.assertIn("tokens:1: sha256: the line has to begin with", daemon.log())

    def test_baton_sends_its_token(self):
        result = ["run", "tour", "--input", "a", "--", "sh", "-c", "echo a=b > $BATON_RESULT"]
        self.assertEqual(0, self.baton(self.batond, *result, env={"BATON_TOKEN": self.secrets["ci-op"]}).wait())
        markers = self.ask("vera", "GET", "markers")["items"]
        self.assertEqual(["ci-op"], [marker["principal"] for marker in markers])
        refused = self.baton(self.batond, *result, env={"BATON_TOKEN": self.secrets["vera"]})
        self.assertNotEqual(0, refused.wait())
        self.assertIn("the role runner", refused.err)
