"""kubectl as the tests call it, unmodified: which ones there are, and whose they are.

They are those that $BATON_KUBECTL names, with colons between them; else the one on the PATH, and what
deploy/fetch-clients fetched.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile

import yaml

from support import BATON, BATOND, PATIENCE, ROOT, environment, in_threads, read, until
from test_tls import TLSStory

TOOLS = os.path.join(ROOT, ".build", "tools")
FETCHED = os.path.join(TOOLS, "kubectl")


def kubectls():
    named = [path for path in os.environ.get("BATON_KUBECTL", "").split(":") if path]
    found = named or [path for path in (shutil.which("kubectl"), FETCHED) if path and os.access(path, os.X_OK)]
    if not found:
        raise AssertionError("there is no kubectl; deploy/install-packages installs one")
    return found


def tokens(folder, *people):
    """A file of tokens, and the secrets by identity. - people: identity, role and namespaces."""
    secrets, lines = {}, []
    for identity, role, namespaces in people:
        arguments = [BATOND, "token", "create", "--identity", identity, "--role", role]
        for namespace in namespaces:
            arguments += ["--namespace", namespace]
        made = subprocess.run(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True, env=environment())
        secrets[identity], line = made.stdout.splitlines()
        lines.append(line)
    path = os.path.join(folder, "tokens")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path, secrets


class WithKubectl:
    def kubeconfig(self, server, *arguments, **variables):
        made = subprocess.run(
            [BATON, "kubeconfig", "--namespace", "ci", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment(BATON_SERVER=server, **variables))
        self.assertEqual(0, made.returncode, made.stderr)
        self.said = made.stderr
        return made.stdout

    def write_config(self, text, name="kubeconfig"):
        self.config = self.path(name)
        with open(self.config, "w") as file:
            file.write(text)
        return self.config

    def ask(self, kubectl, *arguments, code=0):
        """What it says; of an error, what it says of the error."""
        return Hand(self, kubectl, self.config, self.folder)(*arguments, code=code)


class WithTokens(WithKubectl, TLSStory):
    """A daemon with TLS and tokens, and a kubeconfig for each of three people."""

    def setUp(self):
        super().setUp()
        file, secrets = tokens(
            self.folder, ("ops", "admin", ["*"]), ("run", "runner", ["*"]), ("vera", "viewer", ["*"]))
        self.secret = secrets["ops"]
        self.batond = self.tls_daemon(auth__tokensFile=file)
        self.configs = {
            who: self.write_config(
                self.kubeconfig(self.batond.tls_url, "--ca-file", self.authority.file, BATON_TOKEN=secret), who)
            for who, secret in secrets.items()}

    def v1(self, method, path, body=None, status=200):
        """By /v1, as the same operator."""
        found, answer = self.batond.ask(
            method, "/v1/" + path, body,
            headers={"Authorization": "Bearer " + self.secret, "Content-Type": "application/json"})
        self.assertEqual(status, found, answer)
        return answer

    def watches_open(self):
        return self.batond.metric("baton_watches", {"Authorization": "Bearer " + self.secret})


class Hand:
    """One kubectl in the hand of one identity, with a cache of its own, and a namespace of its own if it is named."""

    def __init__(self, test, program, config, home, namespace=None):
        self.test, self.program, self.config, self.home, self.namespace = test, program, config, home, namespace

    def holding(self, config):
        """The same kubectl, by another kubeconfig."""
        return Hand(self.test, self.program, config, self.home, self.namespace)

    def command(self, arguments):
        place = ["--namespace", self.namespace] if self.namespace else []
        return [self.program, "--kubeconfig", self.config, *place, *arguments]

    def __call__(self, *arguments, code=0, input=None, **variables):
        """What it says; of an error, what it says of the error. - input: what it reads; objects become YAML."""
        if input is not None and not isinstance(input, str):
            input = yaml.safe_dump_all(input if isinstance(input, list) else [input])
        done = subprocess.run(
            self.command(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, input=input,
            stdin=None if input is not None else subprocess.DEVNULL, timeout=PATIENCE,
            env=environment(HOME=self.home, **variables))
        self.test.assertEqual(code, done.returncode, (self.program, arguments, done.stdout, done.stderr))
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments, **options):
        return json.loads(self(*arguments, "-o", "json", **options))

    @functools.cached_property
    def version(self):
        """The minor one: 20 of v1.20.2."""
        said = json.loads(subprocess.run(
            [self.program, "version", "--client", "-o", "json"], stdout=subprocess.PIPE, check=True).stdout)
        return int(re.match("[0-9]+", said["clientVersion"]["minor"])[0])

    def start(self, *arguments):
        """It runs on: `get -w`, `wait`."""
        return Running(self, arguments)


class Running:
    """A kubectl under way."""

    def __init__(self, hand, arguments):
        self.hand, self.arguments = hand, arguments
        self.folder = tempfile.mkdtemp(prefix="kubectl.", dir=hand.home)
        with open(self.file("out"), "wb") as out, open(self.file("err"), "wb") as err:
            self.process = subprocess.Popen(
                hand.command(arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=environment(HOME=hand.home))
        hand.test.addCleanup(self.kill)

    def file(self, name):
        return os.path.join(self.folder, name)

    @property
    def out(self):
        return read(self.file("out"))

    def until_says(self, text):
        def said():
            if text not in self.out and self.process.poll() is not None:
                raise AssertionError("it ended without %r: %s" % (text, self.story()))
            return text in self.out
        until(said, "%r; so far: %s" % (text, self.story()))

    def wait(self, code=0):
        """What it said in all."""
        self.hand.test.assertEqual(code, self.process.wait(PATIENCE), self.story())
        return self.out

    def story(self):
        return (self.hand.program, self.arguments, self.out, read(self.file("err")))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def lease(name, labels=None, **spec):
    metadata = {"name": name, "labels": labels} if labels else {"name": name}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def marker(name, **spec):
    return {
        "apiVersion": "coordination.baton.dev/v1", "kind": "DoneMarker", "metadata": {"name": name},
        "spec": dict({"outcome": "Succeeded", "holderIdentity": "run-1"}, **spec)}


class WithHands(WithTokens):
    def each(self, *stories, at_once=True):
        """The stories for each kubectl, one story after the other; the kubectls at once, if nothing else is said."""
        hands = []
        for index, program in enumerate(kubectls()):
            home = self.path("home-%d" % index)
            os.mkdir(home)
            hands.append(Hand(self, program, self.configs["ops"], home, "ci-%d" % index))

        def tell(index):
            for story in stories:
                story(hands[index])
        if at_once:
            in_threads(len(hands), tell)
        else:
            for index in range(len(hands)):
                tell(index)

    def names(self, hand, *arguments):
        """Without their kinds."""
        return [line.split("/")[1] for line in hand("get", *arguments, "-o", "name").split()]
