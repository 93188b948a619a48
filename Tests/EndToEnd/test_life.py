"""A daemon's life: start, refusal to start, stop, backup and restore."""

import os
import socket
import sqlite3
import subprocess
import time

from support import BATOND, Story, environment, free_port, in_threads, raw_request, until

SECONDS = 25
EXCLUSIVE = True


class Refusals(Story):
    def start(self, *arguments, text=None, env=None):
        """A start that has to fail: its exit code and what it said."""
        if text is not None:
            path = self.path("batond.yaml")
            with open(path, "w") as file:
                file.write(text)
            arguments = ("--config", path) + arguments
        run = subprocess.run(
            [BATOND, "--listen", "127.0.0.1:%d" % free_port(), "--data", self.path("data"), *arguments],
            env=environment(**(env or {})), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertNotEqual(0, run.returncode, run.stdout)
        return run.stdout

    def test_a_second_daemon_on_the_same_data_is_refused_and_the_first_goes_on(self):
        daemon = self.daemon()
        token = daemon.client().elected("work", "anna")
        self.assertIn(daemon.data, self.start("--data", daemon.data))
        self.assertEqual(200, daemon.client().renew("work", "anna", token).status)

    def test_a_file_of_a_newer_batond_or_of_another_program_is_refused_and_left_as_it_is(self):
        daemon = self.daemon()
        self.assertEqual(0, daemon.stop())
        path = os.path.join(daemon.data, "baton.db")
        database = sqlite3.connect(path)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        own = database.execute("PRAGMA application_id").fetchone()[0]
        self.assertNotEqual(0, own)
        for pragma, value, back in (("user_version", version + 1, version), ("application_id", 7, own)):
            database.execute("PRAGMA %s = %d" % (pragma, value))
            database.close()
            before = open(path, "rb").read()
            said = self.start("--data", daemon.data)
            self.assertIn("baton.db", said)
            self.assertRegex(said, "newer" if pragma == "user_version" else "not|another|foreign")
            self.assertEqual(before, open(path, "rb").read())
            database = sqlite3.connect(path)
            database.execute("PRAGMA %s = %d" % (pragma, back))
        database.close()
        daemon.start()

    def test_what_is_no_database_is_refused(self):
        os.mkdir(self.path("data"))
        with open(os.path.join(self.path("data"), "baton.db"), "w") as file:
            file.write("This is a text, and it is somebody's.\n" * 100)
        self.assertIn("baton.db", self.start())

    def test_an_unknown_setting_stops_the_start_with_a_message_that_names_it(self):
        self.assertIn("lease.maxDuratoin", self.start(text="lease:\n  maxDuratoin: 1h\n"))
        self.assertIn("batond.yaml:2", self.start(text="lease:\n  maxDuratoin: 1h\n"))
        self.assertIn("lease.nonsense", self.start("--set", "lease.nonsense=1"))
        self.assertIn("BATOND_LEESE", self.start(env={"BATOND_LEESE": "1h"}))

    def test_a_wrong_value_or_a_contradiction_stops_the_start_with_a_message_that_names_it(self):
        for key, value in (("lease.maxDuration", "soon"), ("http.bodyBytes", "many"), ("log.level", "loud"),
                           ("contender.queueMax", "0"), ("attempts.default", "-1"), ("insecureListen", "maybe")):
            self.assertIn(key, self.start("--set", "%s=%s" % (key, value)))
        said = self.start("--set", "lease.minDuration=2m", "--set", "lease.maxDuration=1m")
        self.assertIn("lease.minDuration", said)
        self.assertIn("lease.maxDuration", said)
        said = self.start("--set", "restoreQuarantine=1m")
        self.assertIn("restoreQuarantine", said)
        self.assertIn("lease.maxDuration", said)
        self.assertIn("insecureListen", self.start("--listen", "0.0.0.0:%d" % free_port()))
        self.assertIn("already", self.start(text="lease:\n  retention: 1h\n  retention: 2h\n"))

    def test_the_manual_as_it_stands_is_a_valid_configuration(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        daemon = self.daemon(start=False)
        command = daemon.command()
        daemon.command = lambda: command + ["--config", os.path.join(root, "config", "batond.yaml")]
        daemon.start()

    def test_a_port_that_is_taken_is_named(self):
        daemon = self.daemon()
        # Several times: it once depended on the moment whether it could still close what it had opened.
        for _ in range(8):
            said = self.start("--listen", "127.0.0.1:%d" % daemon.port)
            self.assertIn(str(daemon.port), said)
            self.assertIn("can't start", said)


class Listeners(Story):
    def test_it_listens_on_v4_v6_and_a_unix_socket_at_once(self):
        daemon = self.daemon(start=False)
        path = self.path("baton.sock")
        command = daemon.command() + ["--listen", "unix:" + path]
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
                command += ["--listen", "[::1]:%d" % daemon.port]
            except OSError:
                pass  # A machine without IPv6.
        daemon.command = lambda: command
        daemon.start()
        token = daemon.client().elected("work", "anna")
        servers = ["unix:" + path, daemon.url] + (["http://[::1]:%d" % daemon.port] if len(command) > 7 else [])
        for server in servers:
            run = self.baton(daemon, "fence", "work", "--token", token, env={"BATON_SERVER": server})
            self.assertEqual(0, run.wait(), run.err)
        run = self.baton(
            daemon, "run", "unix-work", "--input", "x", "--", "sh", "-c", "echo a=b > $BATON_RESULT",
            env={"BATON_SERVER": "unix:" + path})
        self.assertEqual(0, run.wait(), run.err)
        self.assertEqual(0, daemon.stop())
        self.assertFalse(os.path.exists(path))

    def test_a_unix_socket_has_the_mode_and_the_group_that_were_set_whatever_the_umask(self):
        path = self.path("baton.sock")
        group = 1 if os.geteuid() == 0 else os.getgroups()[-1]
        for settings, mode, owner in (
                ({}, 0o660, os.getegid()),
                ({"unixSocket__mode": "0606", "unixSocket__group": group}, 0o606, group)):
            daemon = self.daemon(start=False, **settings)
            command = daemon.command() + ["--listen", "unix:" + path]
            daemon.command = lambda: ["sh", "-c", 'umask 077; exec "$@"', "sh"] + command
            daemon.start()
            status = os.stat(path)
            self.assertEqual((mode, owner), (status.st_mode & 0o777, status.st_gid))
            daemon.stop()

    def test_a_group_that_there_is_not_is_named(self):
        run = subprocess.run(
            [BATOND, "--listen", "unix:" + self.path("s"), "--data", self.path("data"), "--set",
             "unixSocket.group=nobody-has-this"],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertEqual(1, run.returncode)
        self.assertIn("nobody-has-this", run.stdout)
        self.assertFalse(os.path.exists(self.path("s")))


class Deposed(Story):
    def test_a_daemon_whose_database_somebody_else_wrote_to_stops_and_says_why(self):
        daemon = self.daemon()
        client = daemon.client()
        client.elected("work", "anna")
        other = sqlite3.connect(os.path.join(daemon.data, "baton.db"), timeout=20)
        other.execute("INSERT OR REPLACE INTO meta(key, value) VALUES('intruder', 1)")
        other.commit()
        other.close()
        self.assertEqual(503, client.campaign("next", "bela").status)
        self.assertEqual(1, daemon.process.wait(20))
        self.assertIn("another process wrote to the database", daemon.log())


class Stop(Story):
    def test_SIGTERM_with_1000_waiters_tells_all_of_them_and_exits_with_0_in_under_2_s(self):
        daemon = self.daemon()
        client = daemon.client()
        client.elected("work", "anna")
        client.elected("lock", "anna", marker="none")
        streams = []
        for index in range(250):
            streams.append(client.campaign_stream("work", "c%d" % index))
            streams.append(client.stream(client.path("markers/work?wait=60s")))
        polls = [Poll(daemon, client.path("leases/lock/campaign?wait=25s"), {
            "holderIdentity": "p%d" % index, "marker": "none"}) for index in range(250)]
        polls += [Poll(daemon, client.path("markers?name=work&name=b%d&wait=25s" % index), None) for index in range(250)]
        until(lambda: client.status()["contenders"] == 500 and client.status()["waiters"] == 500, "all wait")
        started = time.monotonic()
        self.assertEqual(0, daemon.stop())
        took = time.monotonic() - started
        for stream in streams:
            last = stream.last()
            self.assertEqual(("urn:baton:problem:unavailable", "Stopping"), (last["type"], last["reason"]))
            self.assertEqual("reconnect", stream.lines[-2]["type"])
        for poll in polls:
            self.assertTrue(poll.answer().startswith(b"HTTP/1.1 503 "))
            self.assertIn(b"\r\nRetry-After: ", poll.text)
        self.note("1,000 waiters told, stopped after %.2f s" % took)
        self.assertLess(took, 2)

    def test_what_was_acknowledged_before_a_stop_is_there_after_the_start(self):
        daemon = self.daemon()
        client = daemon.client()
        token = client.elected("work", "anna")
        client.send("PUT", client.path("markers/made"), {"holderIdentity": "anna", "result": {"a": "b"}})
        self.assertEqual(0, daemon.stop())
        daemon.start()
        client = daemon.client()
        self.assertEqual(200, client.renew("work", "anna", token).status)
        self.assertEqual({"a": "b"}, client.marker("made")["marker"]["result"])


class Poll:
    """A plain request that waits, on a socket of its own."""

    def __init__(self, daemon, path, body):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), timeout=60)
        self.socket.sendall(raw_request("POST" if body else "GET", path, body))
        self.text = b""

    def answer(self):
        while True:
            part = self.socket.recv(65536)
            if not part:
                self.socket.close()
                return self.text
            self.text += part


class Backups(Story):
    def batond(self, *arguments):
        run = subprocess.run(
            [BATOND, *arguments], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=120)
        self.assertEqual(0, run.returncode, run.stdout)
        return run.stdout

    def test_a_backup_made_while_it_runs_has_all_that_was_acknowledged_before(self):
        daemon = self.daemon()
        client = daemon.client()
        for index in range(50):
            client.send("PUT", client.path("markers/m%d" % index), {"holderIdentity": "anna"})
        held = client.elected("held", "anna")
        copy = self.path("copy.db")
        self.batond("backup", "--data", daemon.data, copy)
        client.send("PUT", client.path("markers/later"), {"holderIdentity": "anna"})

        other = self.daemon(start=False, lease__maxDuration="3s", lease__defaultDuration="2s", restoreQuarantine="3s")
        self.batond("restore", "--data", other.data, copy)
        other.start()
        restored = other.client()
        for index in range(50):
            self.assertEqual(client.marker("m%d" % index).body, restored.marker("m%d" % index).body)
        self.assertEqual(404, restored.marker("later").status)
        self.assertEqual(held, restored.lease("held")["fencingToken"])

    def test_after_a_restore_tokens_are_far_above_and_nobody_is_elected_for_a_while(self):
        daemon = self.daemon(lease__maxDuration="3s", lease__defaultDuration="2s", restoreQuarantine="3s")
        client = daemon.client()
        old = client.elected("old", "anna", leaseDuration="1s")
        incarnation = client.status()["incarnation"]
        copy = self.path("copy.db")
        self.batond("backup", "--data", daemon.data, copy)
        # Given out after the backup, which knows nothing of it.
        unknown = max(client.elected("n%d" % index, "bela") for index in range(30))
        before = client.revision()
        self.assertEqual(0, daemon.stop())
        self.batond("restore", "--data", daemon.data, copy)
        started = time.monotonic()
        daemon.start()
        client = daemon.client()
        self.assertNotEqual(incarnation, client.status()["incarnation"])
        self.assertGreaterEqual(client.revision(), before + 2 ** 40)
        answer = client.campaign("n1", "carl")
        self.assertEqual((202, "RestoreQuarantine"), (answer.status, answer["reason"]))
        outcome = client.campaign_stream("n1", "carl").last()
        self.assertEqual("elected", outcome["outcome"])
        # Counted from before its start: not a moment too early.
        self.assertGreaterEqual(time.monotonic() - started, 3)
        self.assertGreater(outcome["fencingToken"], unknown + 2 ** 40 - 1000)
        self.assertGreater(outcome["fencingToken"], old)

    def test_a_restore_under_a_running_daemon_is_refused(self):
        daemon = self.daemon()
        copy = self.path("copy.db")
        self.batond("backup", "--data", daemon.data, copy)
        run = subprocess.run([BATOND, "restore", "--data", daemon.data, copy], env=environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertNotEqual(0, run.returncode)
        self.assertEqual(200, daemon.client().send("GET", "/readyz").status)

    def test_a_backup_does_not_overwrite_a_file_unless_told(self):
        daemon = self.daemon()
        copy = self.path("copy.db")
        with open(copy, "w") as file:
            file.write("precious")
        run = subprocess.run([BATOND, "backup", "--data", daemon.data, copy], env=environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertNotEqual(0, run.returncode)
        self.assertEqual("precious", open(copy).read())
        self.batond("backup", "--force", "--data", daemon.data, copy)
        self.assertEqual(b"SQLite format 3", open(copy, "rb").read()[:15])

    def test_backups_made_under_load_are_whole(self):
        daemon = self.daemon()
        copies = []

        def load(index):
            client = daemon.client(namespace="n%d" % index)
            if index == 0:
                for number in range(5):
                    before = daemon.client(namespace="n1").send("GET", "/v1/namespaces/n1/markers?limit=1000")["items"]
                    copy = self.path("copy%d.db" % number)
                    self.batond("backup", "--data", daemon.data, copy)
                    copies.append((copy, {marker["name"] for marker in before}))
                return
            for number in range(100):
                client.send("PUT", client.path("markers/m%d" % number), {"holderIdentity": "anna"})

        in_threads(5, load)
        for copy, names in copies:
            self.assertEqual([("ok",)], sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchall())
        copy, names = copies[-1]
        other = self.daemon(start=False)
        self.batond("restore", "--data", other.data, copy)
        other.start()
        items = other.client(namespace="n1").send("GET", "/v1/namespaces/n1/markers?limit=1000")["items"]
        self.assertLessEqual(names, {marker["name"] for marker in items})
