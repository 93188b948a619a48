"""TLS as others speak it: openssl, curl, Python, scanners, and baton itself."""

import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import xml.etree.ElementTree

import certificates
from support import BATON, BATOND, Daemon, Story, environment, free_port, raw_request, read, script, until

SECONDS = 15


class TLSDaemon(Daemon):
    """Listens on a second port, with TLS. The first one is for the test's own questions."""

    def __init__(self, folder, settings, authority):
        super().__init__(folder, settings)
        self.authority = authority
        self.tls_port = free_port()

    def command(self):
        return super().command() + ["--listen", "tls:127.0.0.1:%d" % self.tls_port]

    @property
    def tls_url(self):
        return "https://127.0.0.1:%d" % self.tls_port

    def context(self, leaf=None):
        context = ssl.create_default_context(cafile=self.authority.file)
        if leaf:
            context.load_cert_chain(*leaf)
        return context

    def connect(self, context=None, session=None):
        """A connection whose handshake is done."""
        raw = socket.create_connection(("127.0.0.1", self.tls_port), timeout=30)
        return (context or self.context()).wrap_socket(raw, server_hostname="localhost", session=session)

    def ask(self, method="GET", path="/v1/status", body=None, leaf=None, headers=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls_port, context=self.context(leaf), timeout=30)
        try:
            connection.request(method, path, body and json.dumps(body), dict(headers or {}))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def metric(self, name, headers=None):
        """By its name and labels as they stand in the text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/metrics", headers=dict(headers or {}))
        for line in connection.getresponse().read().decode().split("\n"):
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None


def until_end(connection):
    """All that comes until the peer closes."""
    data = b""
    while True:
        more = connection.recv(65536)
        if not more:
            return data
        data += more


class TLSStory(Story):
    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.folder)
        self.certificate, self.key = self.authority.leaf()

    def tls_daemon(self, start=True, **settings):
        named = {"tls.certificateFile": self.certificate, "tls.keyFile": self.key}
        named.update({key.replace("__", "."): value for key, value in settings.items()})
        daemon = TLSDaemon(self.path("batond"), named, self.authority)
        os.makedirs(daemon.folder, exist_ok=True)
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def agents(self):
        """Authority and settings that ask clients for a certificate."""
        agents = certificates.Authority(self.folder, "Agents CA")
        return agents, {"tls__clientCAFile": agents.file, "tls__clientCertificates": "required"}


class OtherClients(TLSStory):
    def s_client(self, daemon, *arguments, request=None):
        sent = raw_request("GET", "/v1/status", headers=["Connection: close"]) if request is None else request
        made = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % daemon.tls_port, "-CAfile", self.authority.file,
             "-verify_return_error", "-ign_eof"] + list(arguments),
            input=sent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        return made.returncode, made.stdout.decode(errors="replace")

    def test_openssl_speaks_both_versions_and_no_older_one(self):
        daemon = self.tls_daemon()
        for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            code, out = self.s_client(daemon, flag, "-alpn", "h2,http/1.1")
            self.assertEqual(0, code, out)
            for expected in ("HTTP/1.1 200 OK", name, "ALPN protocol: http/1.1", "Verify return code: 0 (ok)",
                             "Compression: NONE"):
                self.assertIn(expected, out)
        self.assertIn("Secure Renegotiation IS supported", self.s_client(daemon, "-tls1_2")[1])
        for flag in ("-tls1", "-tls1_1"):
            code, out = self.s_client(daemon, flag, "-cipher", "DEFAULT@SECLEVEL=0")
            self.assertNotEqual(0, code)
            self.assertIn("alert protocol version", out)
        code, out = self.s_client(daemon, "-alpn", "h2")
        self.assertNotEqual(0, code)
        self.assertIn("no application protocol", out)
        # Neither plain RSA, nor CBC, nor finite fields.
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"):
            self.assertNotEqual(0, self.s_client(daemon, "-tls1_2", "-cipher", cipher)[0])

    def test_openssl_resumes_sessions_also_over_a_reload(self):
        daemon = self.tls_daemon()
        kept = self.path("session")
        for flag in ("-tls1_2", "-tls1_3"):
            self.assertIn("New, ", self.s_client(daemon, flag, "-sess_out", kept)[1])
            self.assertIn("Reused, ", self.s_client(daemon, flag, "-sess_in", kept)[1])
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: "read again, for new" in daemon.log(), "the certificate is read again")
            self.assertIn("Reused, ", self.s_client(daemon, flag, "-sess_in", kept)[1])
        self.assertEqual(2, daemon.metric('baton_tls_handshakes_total{version="1.2",kind="resumed"}'))
        self.assertEqual(2, daemon.metric('baton_tls_handshakes_total{version="1.3",kind="resumed"}'))

    def curl(self, *arguments):
        made = subprocess.run(["curl", "-sS", "--noproxy", "*", "-m", "30"] + list(arguments),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, text=True)
        return made.returncode, made.stdout, made.stderr

    def test_curl_of_every_version_is_served(self):
        daemon = self.tls_daemon()
        for version in ("--http1.0", "--http1.1", "--http2"):
            for tls in (["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]):
                code, out, err = self.curl(version, *tls, "--cacert", self.authority.file,
                                           daemon.tls_url + "/v1/status")
                self.assertEqual(0, code, err)
                self.assertIn('"revision"', out)
        code, _, err = self.curl(daemon.tls_url + "/v1/status")
        self.assertEqual(60, code, err)
        code, out, _ = self.curl("-i", "http://127.0.0.1:%d/v1/status" % daemon.tls_port)
        self.assertEqual(0, code)
        self.assertIn("400 Bad Request", out)
        self.assertIn("this port speaks TLS", out)
        self.assertEqual(1, daemon.metric('baton_tls_handshakes_failed_total{reason="plain_http"}'))

    def test_scanners_find_nothing_weak(self):
        daemon = self.tls_daemon()
        found = self.path("sslscan.xml")
        subprocess.run(["sslscan", "--no-colour", "--show-certificate", "--xml=" + found, "127.0.0.1:%d" % daemon.tls_port],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        test = xml.etree.ElementTree.parse(found).getroot().find("ssltest")
        enabled = {(each.get("type"), each.get("version")) for each in test.findall("protocol")
                   if each.get("enabled") == "1"}
        self.assertEqual({("tls", "1.2"), ("tls", "1.3")}, enabled)
        ciphers = [each.get("cipher") for each in test.findall("cipher")]
        self.assertGreaterEqual(len(ciphers), 5)
        for cipher in ciphers:
            self.assertRegex(cipher, "^(TLS_(AES|CHACHA20)|ECDHE-ECDSA-(AES|CHACHA20)).*(GCM|POLY1305)")
        self.assertEqual("0", test.find("renegotiation").get("supported"))
        self.assertEqual(["0"] * 2, [each.get("vulnerable") for each in test.findall("heartbleed")])
        made = subprocess.run(
            ["nmap", "-Pn", "-n", "-p", str(daemon.tls_port), "--script", "ssl-enum-ciphers", "127.0.0.1"],
            check=True, stdout=subprocess.PIPE, timeout=120, text=True).stdout
        self.assertEqual({"TLSv1.2", "TLSv1.3"}, set(re.findall(r"(TLSv1\.\d|SSLv\d):", made)), made)
        self.assertIn("least strength: A", made)
        self.assertEqual(["NULL"], re.findall(r"compressors:.*\n\|\s+(\S+)", made))
        self.assertNotIn("warnings:", made)
        until(lambda: daemon.metric("baton_connections") == 1, "no scanner's connection stays")

    def test_python_resumes_streams_and_ends(self):
        daemon = self.tls_daemon()
        context = daemon.context()
        first = daemon.connect(context)
        self.assertEqual("TLSv1.3", first.version())
        # Pipelined in one record; then one request over many.
        first.sendall(raw_request("GET", "/v1/status") * 3)
        first.sendall(b"".join([raw_request("GET", "/livez", headers=["Connection: close"])]))
        answer = until_end(first)
        self.assertEqual(4, answer.count(b"HTTP/1.1 200 OK"))
        again = daemon.connect(context, first.session)
        self.assertTrue(again.session_reused)
        for byte in raw_request("GET", "/livez", headers=["Connection: close"]):
            again.sendall(bytes([byte]))
        self.assertIn(b"200 OK", until_end(again))
        # Two ask, one waits in a stream; the answer comes when the first has completed.
        path = "/v1/namespaces/ci/leases/work/campaign"
        _, elected = daemon.ask("POST", path, {"holderIdentity": "anna"}, headers={"Content-Type": "application/json"})
        waiter = daemon.connect(context)
        waiter.sendall(raw_request("POST", path + "?wait=30s", {"holderIdentity": "bela"},
                                   headers=["Accept: application/x-ndjson"]))
        lines = waiter.makefile("rb")
        self.assertTrue(any(b'"waiting"' in line for line in lines))
        status, _ = daemon.ask(
            "POST", "/v1/namespaces/ci/leases/work/complete",
            {"holderIdentity": "anna", "fencingToken": elected["fencingToken"]},
            headers={"Content-Type": "application/json"})
        self.assertEqual(200, status)
        self.assertTrue(any(b'"outcome":"done"' in line for line in lines))

    def test_a_waiting_peer_that_goes_is_noticed(self):
        daemon = self.tls_daemon(contender__reconnectGrace="1s")
        path = "/v1/namespaces/ci/markers/never?wait=20s"
        for how in ("unwrap", "close", "cut"):
            waiter = daemon.connect()
            waiter.sendall(raw_request("GET", path))
            until(lambda: daemon.client().status()["waiters"] == 1, "one waits")
            if how == "unwrap":
                self.assertEqual(b"", until_end(waiter.unwrap()))
            elif how == "cut":
                os.close(waiter.detach())
            else:
                waiter.close()
            until(lambda: daemon.client().status()["waiters"] == 0, "nobody waits after %s" % how)

    def test_a_body_that_is_cut_off_is_never_heard(self):
        daemon = self.tls_daemon()
        for goodbye in (True, False):
            connection = daemon.connect()
            request = raw_request("POST", "/v1/namespaces/ci/leases/half/campaign", {"holderIdentity": "anna"})
            connection.sendall(request[:-3])
            if goodbye:
                connection.unwrap().close()
            else:
                os.close(connection.detach())
        until(lambda: daemon.metric("baton_connections") == 1, "they are gone")
        self.assertEqual(404, daemon.client().lease("half").status)

    def test_what_is_no_handshake_ends_nothing_but_itself(self):
        daemon = self.tls_daemon(http__handshakeTime="1s")
        slow = socket.create_connection(("127.0.0.1", daemon.tls_port))
        began = time.monotonic()
        dice = random.Random(4)
        recorder = ssl.MemoryBIO()
        try:
            daemon.context().wrap_bio(ssl.MemoryBIO(), recorder, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        hello = recorder.read()
        for _ in range(200):
            data = bytearray(hello)
            for _ in range(dice.randrange(1, 4)):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            if dice.randrange(3) == 0:
                data = data[:dice.randrange(len(data))]
            if dice.randrange(4) == 0:
                data = dice.randbytes(dice.randrange(1, 2000))
            with socket.create_connection(("127.0.0.1", daemon.tls_port), timeout=30) as peer:
                try:
                    peer.sendall(data)
                    peer.shutdown(socket.SHUT_WR)
                    until_end(peer)
                except ConnectionError:
                    pass
        # Dripping doesn't prolong it.
        try:
            while True:
                slow.settimeout(0.05)
                slow.sendall(hello[:1])
                hello = hello[1:] or b"\0"
                try:
                    if not slow.recv(100):
                        break
                except socket.timeout:
                    continue
        except ConnectionError:
            pass
        self.assertLess(time.monotonic() - began, 40)
        until(lambda: daemon.metric("baton_connections") == 1, "no connection stays")
        self.assertEqual(1, daemon.metric('baton_tls_handshakes_failed_total{reason="timed_out"}'))
        self.assertEqual(200, daemon.ask()[0])

    def test_a_thousand_connections_share_a_daemon(self):
        # The first one asks when the last one stands.
        daemon = self.tls_daemon(http__headTime="5m")
        context = daemon.context()
        peers = [daemon.connect(context) for _ in range(1000)]
        for peer in peers:
            peer.sendall(raw_request("GET", "/livez"))
        for peer in peers:
            self.assertIn(b"200 OK", peer.recv(4096))
        self.assertEqual(1001, daemon.metric("baton_connections"))
        for peer in peers:
            peer.close()
        until(lambda: daemon.metric("baton_connections") == 1, "they are gone")


class Operating(TLSStory):
    def refusal(self, **settings):
        """What batond says when it doesn't start."""
        daemon = self.tls_daemon(start=False, **settings)
        made = subprocess.run(daemon.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=30, env=environment())
        self.assertNotEqual(0, made.returncode)
        return made.stdout

    def test_a_certificate_that_cannot_work_stops_the_start(self):
        expired, expired_key = self.authority.leaf("expired", days=-1)
        open_key = self.path("open.key")
        with open(open_key, "w") as file:
            file.write(read(self.key))
        os.chmod(open_key, 0o644)
        no_key = self.path("no.key")
        with open(no_key, "w") as file:
            file.write(read(self.certificate))
        os.chmod(no_key, 0o640)
        sealed = self.path("sealed.key")
        certificates.openssl("pkey", "-in", self.key, "-aes256", "-passout", "pass:x", "-out", sealed)
        os.chmod(sealed, 0o600)
        for settings, setting, words in (
                ({"tls__certificateFile": "/nowhere"}, "tls.certificateFile: /nowhere", "No such file"),
                ({"tls__keyFile": self.authority.key}, "tls.keyFile", "not that of the certificate"),
                ({"tls__certificateFile": expired, "tls__keyFile": expired_key}, "tls.certificateFile", "has expired"),
                ({"tls__keyFile": open_key}, "tls.keyFile", "everybody on this machine can read it"),
                ({"tls__keyFile": sealed}, "tls.keyFile", "is encrypted"),
                ({"tls__keyFile": no_key}, "tls.keyFile", "there is no key"),
                ({"tls__certificateFile": self.key}, "tls.certificateFile", "there is no certificate"),
                ({"tls__clientCAFile": self.key, "tls__clientCertificates": "required"}, "tls.clientCAFile",
                 "there is no certificate")):
            said = self.refusal(**settings)
            self.assertIn(setting, said)
            self.assertIn(words, said)

    def test_sighup_reads_the_certificate_again_and_touches_nobody(self):
        own = self.path("own.pem"), self.path("own.key")
        os.symlink(self.certificate, own[0])
        os.symlink(self.key, own[1])
        daemon = self.tls_daemon(tls__certificateFile=own[0], tls__keyFile=own[1])
        living = http.client.HTTPSConnection("127.0.0.1", daemon.tls_port, context=daemon.context(), timeout=30)

        def serial(connection):
            connection.request("GET", "/livez")
            connection.getresponse().read()
            return int(connection.sock.getpeercert()["serialNumber"], 16)

        def replace(paths):
            for path, link in zip(paths, own):
                os.symlink(path, link + ".new")
                os.rename(link + ".new", link)
            before = len(daemon.log())
            daemon.process.send_signal(signal.SIGHUP)
            return until(lambda: re.search("(notice|error): .* TLS .*\n", daemon.log()[before:]), "it says so").group()

        first = serial(living)
        ends = daemon.metric("baton_tls_certificate_not_after_seconds")
        renewed = self.authority.leaf("renewed", subject="/O=build/CN=renewed", days=60)
        said = replace(renewed)
        self.assertIn(certificates.fingerprint(renewed[0]), said)
        self.assertIn(certificates.fingerprint(self.certificate), said)
        self.assertIn("CN=renewed,O=build", said)
        self.assertGreater(daemon.metric("baton_tls_certificate_not_after_seconds"), ends + 20 * 86400)
        for broken in ((self.authority.key, renewed[1]), (renewed[0], self.key),
                       self.authority.leaf("late", days=-1)):
            self.assertIn("those from before stay", replace(broken))
        fresh = http.client.HTTPSConnection("127.0.0.1", daemon.tls_port, context=daemon.context(), timeout=30)
        self.assertNotEqual(first, serial(fresh))
        self.assertEqual(first, serial(living))

    def test_clients_are_asked_for_a_certificate_as_told(self):
        agents, settings = self.agents()
        agent, stranger = agents.leaf("agent", "/O=build/CN=agent"), self.authority.leaf("stranger", "/CN=agent")
        late = agents.leaf("late", "/CN=late", days=-1)
        for asked in ("required", "optional"):
            daemon = self.tls_daemon(**dict(settings, tls__clientCertificates=asked))
            self.assertEqual(200, daemon.ask(leaf=agent)[0])
            for wrong in (stranger, late):
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    daemon.ask(leaf=wrong)
            if asked == "required":
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    daemon.ask()
            else:
                self.assertEqual(200, daemon.ask()[0])
            daemon.stop()

    def test_a_certificate_says_whose_a_hold_is(self):
        """With rules for certificates, and without any: then everybody may do everything, as themselves."""
        agents, settings = self.agents()
        anna, bela = (agents.leaf(name, "/O=build/CN=" + name) for name in ("agent-anna", "agent-bela"))
        vera = agents.leaf("vera", "/O=audit/CN=vera")
        with open(self.path("rules"), "w") as file:
            file.write("certificate:CN=agent-*,O=build role=runner namespaces=ci\n"
                       "certificate:CN=*,O=audit identity=audit role=viewer namespaces=*\n")
        for rules in ({"auth__tokensFile": self.path("rules")}, {}):
            daemon = self.tls_daemon(**dict(settings, **rules))

            def ask(verb, leaf, **fields):
                return daemon.ask("POST", "/v1/namespaces/ci/leases/work/" + verb, dict(fields, holderIdentity="run"),
                                  leaf, {"Content-Type": "application/json"})

            status, elected = ask("campaign", anna)
            self.assertEqual((200, "elected"), (status, elected["outcome"]))
            token = elected["fencingToken"]
            status, problem = ask("renew", bela, fencingToken=token)
            self.assertEqual((409, "urn:baton:problem:not-the-holder"), (status, problem["type"]))
            self.assertEqual(200, ask("renew", anna, fencingToken=token)[0])
            status, history = daemon.ask("GET", "/v1/namespaces/ci/leases/work/history", leaf=anna)
            self.assertEqual("cert:CN:agent-anna/O:build", history["items"][0]["principal"])
            if rules:
                status, problem = ask("campaign", vera)
                self.assertEqual((403, "audit", "runner"), (status, problem["identity"], problem["neededRole"]))
            daemon.stop()

    def test_beyond_loopback_it_needs_to_know_its_clients(self):
        def said(*more):
            arguments = [BATOND, "--listen", "tls:0.0.0.0:0", "--data", self.path("data"), "--set",
                         "tls.certificateFile=" + self.certificate, "--set", "tls.keyFile=/nowhere"]
            for setting in more:
                arguments += ["--set", setting]
            return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=30, env=environment()).stdout
        self.assertIn("insecureListen", said())
        # That is granted; then the key isn't there.
        for setting in ("insecureListen=true", "auth.tokensFile=" + self.tokens()):
            self.assertIn("tls.keyFile: /nowhere", said(setting))
        self.assertIn("tls.keyFile: /nowhere", said(
            "tls.clientCAFile=" + self.authority.file, "tls.clientCertificates=required"))

    def tokens(self):
        path = self.path("tokens")
        made = subprocess.run([BATOND, "token", "create", "--identity", "ci", "--role", "runner", "--namespace", "*"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, env=environment())
        with open(path, "wb") as file:
            file.write(made.stdout.splitlines()[1] + b"\n")
        return path


class Command(TLSStory):
    def status(self, daemon, *flags, server=None, **variables):
        made = subprocess.run([BATON, "status"] + list(flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60, env=environment(BATON_SERVER=server or daemon.tls_url, **variables))
        return made.returncode, made.stderr

    def test_baton_believes_whom_it_is_told_to(self):
        daemon = self.tls_daemon()
        code, err = self.status(daemon)
        self.assertEqual(69, code)
        self.assertIn("--ca-file", err)
        self.assertEqual((0, ""), self.status(daemon, "--ca-file", self.authority.file))
        self.assertEqual((0, ""), self.status(daemon, BATON_CA_FILE=self.authority.file))
        code, err = self.status(daemon, "--insecure-skip-verify")
        self.assertEqual((0, 1), (code, err.count("warning: the server's certificate is not verified")))
        other = certificates.Authority(self.folder, "Another CA")
        code, err = self.status(daemon, "--ca-file", other.file)
        self.assertEqual(69, code)
        self.assertIn("signed by nobody known here", err)
        code, err = self.status(daemon, "--ca-file", "/nowhere")
        self.assertEqual(64, code)
        self.assertIn("/nowhere can't be read", err)
        code, err = self.status(daemon, "--ca-file", self.authority.file, server=daemon.url)
        self.assertEqual(64, code)
        self.assertIn("--ca-file is for https://", err)
        code, err = self.status(daemon, "--ca-file", self.authority.file, server="https://127.0.0.1:%d" % daemon.port)
        self.assertEqual(69, code)
        self.assertIn("doesn't speak TLS", err)
        code, err = self.status(daemon, server="http://127.0.0.1:%d" % daemon.tls_port)
        self.assertNotEqual(0, code)

    def test_baton_says_what_is_wrong_with_a_certificate(self):
        # The daemon itself wouldn't start with these.
        for leaf, words in ((self.authority.leaf("late", days=-1), "has expired"),
                            (self.authority.leaf("other", hosts="DNS:elsewhere.example"), "is for another host")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*leaf)
            with socket.create_server(("127.0.0.1", 0)) as listener:
                def serve():
                    peer, _ = listener.accept()
                    try:
                        context.wrap_socket(peer, server_side=True).close()
                    except (ssl.SSLError, OSError):
                        peer.close()
                thread = threading.Thread(target=serve)
                thread.start()
                code, err = self.status(
                    None, "--ca-file", self.authority.file, server="https://127.0.0.1:%d" % listener.getsockname()[1])
                thread.join()
            self.assertEqual(69, code)
            self.assertIn(words, err)

    def test_runs_elect_over_tls_with_client_certificates(self):
        agents, settings = self.agents()
        daemon = self.tls_daemon(**settings)
        code, err = self.status(daemon, "--ca-file", self.authority.file)
        self.assertEqual(69, code)
        self.assertIn("--client-certificate", err)
        certificate, key = agents.leaf("agent", "/CN=agent")
        told = {"BATON_SERVER": daemon.tls_url, "BATON_CA_FILE": self.authority.file,
                "BATON_CLIENT_CERTIFICATE": certificate, "BATON_CLIENT_KEY": key}
        marks = self.path("marks")
        # The command asks as well, with what it was given.
        work = script("echo once >> %s; %s fence && echo version=7 >> $BATON_RESULT; sleep 0.3" % (marks, BATON))
        flags = ["--ca-file", self.authority.file, "--client-certificate", certificate, "--client-key", key]
        runs = [self.baton(daemon, "run", "import", "--once", *(flags if number % 2 else []), "--", *work,
                           env=dict(told, BATON_SERVER=daemon.tls_url) if not number % 2
                           else {"BATON_SERVER": daemon.tls_url})
                for number in range(6)]
        for run in runs:
            self.assertEqual(0, run.wait(), run.err)
        # Whoever did it has only the command's own output.
        self.assertEqual(["", *["version=7\n"] * 5], sorted(run.out for run in runs))
        self.assertEqual("once\n", read(marks))
        # Of the same: one is killed in the middle, its guardian says so over TLS, and the next begins.
        first = self.baton(daemon, "run", "longer", "--once", "--", *script("echo begun >&2; sleep 60"), env=told)
        first.until_says("begun")
        second = self.baton(daemon, "run", "longer", "--once", "--", "true", env=told)
        first.kill()
        self.assertEqual(0, second.wait(), second.err)
