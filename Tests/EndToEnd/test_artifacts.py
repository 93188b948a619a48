"""Artifacts: what `run`, `complete` and `mark` record of a file, and what `verify` says of one."""

import hashlib
import json
import os
import signal
import socket
import time

from support import Story, read, until

SECONDS = 15


class Artifacts(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def call(self, *arguments, code=0):
        run = self.baton(self.batond, *arguments)
        self.assertEqual(code, run.wait(), "%r: %s%s" % (arguments, run.out, run.err))
        return run

    def file(self, name, data=b"bytes"):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def marker(self, name):
        return self.client.marker(name)["marker"]

    def test_run_records_what_the_command_made_and_what_is_known_of_others(self):
        data = os.urandom(5_000_000)
        source, product = self.file("source", data), self.path("product")
        known = "sha256:" + "ab" * 32
        self.call("run", "build", "--once", "--artifact", "product=" + product, "--artifact", "chart=%s,17" % known,
                  "--artifact", "image=" + known, "--", "cp", source, product)
        self.assertEqual([
            {"name": "chart", "digest": known, "size": 17}, {"name": "image", "digest": known},
            {"name": "product", "digest": "sha256:" + hashlib.sha256(data).hexdigest(), "size": len(data)}],
            self.marker("build")["artifacts"])
        self.call("verify", "build", "product=" + product)

    def bad_files(self):
        """A path, and what is said of it."""
        os.mkdir(self.path("folder"))
        os.mkfifo(self.path("pipe"))
        os.symlink("gone", self.path("dangling"))
        os.symlink("loop", self.path("loop"))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path("s"))
        self.addCleanup(listener.close)
        bad = [("nothing", "isn't there"), ("folder", "is a directory"), ("pipe", "is a pipe"), ("s", "is a socket"),
               ("dangling", "isn't there"), ("loop", "can't be read: Too many levels"), ("folder/x/y", "isn't there"),
               ("/dev/null", "is a device")]
        if os.geteuid() != 0:
            os.chmod(self.file("closed"), 0)
            bad.append(("closed", "can't be read: Permission denied"))
        return bad

    def test_what_is_no_file_is_66_and_leaves_no_marker(self):
        for name, said in self.bad_files():
            artifact = "a=" + (name if name.startswith("/") else self.path(name))
            with self.subTest(name=name):
                token = self.call("campaign", "by-hand", "--once", "--holder", "anna", "--max-attempts", "100").out.strip()
                claim = ("by-hand", "--holder", "anna", "--token", token)
                runs = [self.call("mark", "m", "--artifact", artifact, code=66),
                        self.call("complete", *claim, "--artifact", artifact, code=66)]
                # The hold is still there for another try.
                self.call("resign", *claim)
                runs.append(self.call("run", "r", "--once", "--max-attempts", "100", "--outcome-file", self.path("outcome"),
                                      "--artifact", artifact, "--", "true", code=66))
                for run in runs:
                    self.assertIn("the artifact 'a'", run.err)
                    self.assertIn(said, run.err)
                outcome = json.loads(read(self.path("outcome")))
                self.assertEqual(("artifact-unreadable", 66), (outcome["outcome"], outcome["exitCode"]))
                self.assertEqual("failed", self.client.history("r")[0]["end"])
        for name in ("m", "by-hand", "r"):
            self.assertEqual(404, self.client.marker(name).status)

    def test_a_wrong_argument_is_64_and_runs_nothing(self):
        digest = "sha256:" + "ab" * 32
        for artifacts in (["a"], ["=x"], ["a="], ["a=sha256:12"], ["a=" + digest + ",x"], ["a=" + digest, "a=x"],
                          ["a=" + digest.upper().replace("SHA", "sha")], ["a\n=x"], ["n" * 1025 + "=x"]):
            flags = [word for artifact in artifacts for word in ("--artifact", artifact)]
            with self.subTest(artifacts=artifacts):
                self.call("run", "r", "--once", *flags, "--", "touch", self.path("ran"), code=64)
                self.call("mark", "m", *flags, code=64)
        # A lock leaves no marker.
        self.call("run", "r", "--artifact", "a=" + digest, "--", "touch", self.path("ran"), code=64)
        self.assertFalse(os.path.exists(self.path("ran")))
        self.assertEqual([], self.client.history())

    def test_a_file_called_like_a_digest_is_given_with_its_folder(self):
        self.file("sha256:12", b"x")
        self.call("mark", "m", "--artifact", "a=%s/sha256:12" % self.folder)
        self.assertEqual(1, self.marker("m")["artifacts"][0]["size"])

    def test_a_file_that_is_written_to_while_it_is_hashed_is_not_recorded(self):
        # Sparse: as long to hash as a real one, and made at once.
        path = self.file("big")
        os.truncate(path, 8 << 30)
        mark = self.baton(self.batond, "mark", "m", "--artifact", "a=" + path)

        def reads():
            self.assertIsNone(mark.code, mark.err)
            for number in os.listdir("/proc/%d/fd" % mark.pid):
                try:
                    if os.readlink("/proc/%d/fd/%s" % (mark.pid, number)) == path:
                        return "pos:\t0\n" not in read("/proc/%d/fdinfo/%s" % (mark.pid, number))
                except OSError:
                    pass
            return False
        until(reads, "it is being read")
        os.truncate(path, 1 << 20)
        self.assertEqual(66, mark.wait(), mark.err)
        self.assertIn("changed while it was read: it had %d bytes, and has %d" % (8 << 30, 1 << 20), mark.err)
        self.assertEqual(404, self.client.marker("m").status)

    def test_the_lease_is_renewed_while_a_run_hashes_and_a_signal_ends_that(self):
        path = self.file("big")
        os.truncate(path, 1 << 40)
        run = self.baton(self.batond, "run", "r", "--once", "--artifact", "a=" + path, "--duration", "6s", "--grace", "1s",
                         "--renew-interval", "200ms", "--", "touch", self.path("ran"))
        until(lambda: os.path.exists(self.path("ran")), "the command ran")
        begun = time.monotonic()
        until(lambda: time.monotonic() - begun > 7, "its first deadline is past", every=0.1)
        self.assertIsNone(run.code, run.err)
        self.assertTrue(self.client.lease("r")["held"])
        run.signal(signal.SIGTERM)
        self.assertEqual(143, run.wait(), run.err)
        self.assertEqual("resigned", self.client.history("r")[0]["end"])
        self.assertEqual(404, self.client.marker("r").status)

    def test_verify_tells_what_differs_by_its_exit_code_and_in_words(self):
        whole = self.file("image.tar", b"0123456789")
        self.call("mark", "build", "--artifact", "image=" + whole, "--artifact", "sbom=" + self.file("sbom.json"))
        self.assertIn("image.tar is 'image': 10 bytes, sha256:", self.call("verify", "build", "image=" + whole).out)
        short = self.call("verify", "build", "image=" + self.file("short", b"01234"), code=79)
        self.assertIn("it has 5 bytes, and the marker has 10: 5 are missing", short.err)
        self.assertEqual("", short.out)
        self.assertIn("its digest is sha256:", self.call("verify", "build", "image=" + self.file("w", b"0123456780"), code=79).err)
        self.assertIn("It has 'image', 'sbom'", self.call("verify", "build", "other=" + whole, code=78).err)
        self.call("verify", "nothing", whole, code=78)
        self.call("verify", "build", "image=" + self.path("nothing"), code=66)
        self.call("verify", "build", "image=" + self.folder, code=66)
        self.call("verify", "build", whole, code=78)
        self.call("verify", "build", "--artifact", "image", whole)
        self.call("verify", "build", whole, self.path("sbom.json"), code=64)
        # What differs is worse than what isn't there.
        self.call("verify", "build", "image=" + self.path("short"), "sbom=" + self.path("nothing"), "x=" + whole, code=79)
        self.call("verify", "build", "image=" + whole, "sbom=" + self.path("nothing"), "x=" + whole, code=78)

    def test_verify_as_JSON_says_the_same(self):
        whole = self.file("image.tar", b"0123456789")
        self.call("mark", "build", "--artifact", "image=" + whole)
        said = json.loads(self.call("verify", "build", whole, "-o", "json").out)
        digest = "sha256:" + hashlib.sha256(b"0123456789").hexdigest()
        self.assertEqual(("build", self.marker("build")["revision"], True), (said["marker"], said["revision"], said["matches"]))
        file, = said["files"]
        self.assertEqual(
            ("image", whole, "matches", {"name": "image", "digest": digest, "size": 10}, 10, digest),
            tuple(file[name] for name in ("artifact", "file", "verdict", "expected", "size", "digest")))
        said = json.loads(self.call("verify", "build", self.file("s", b"0"), "-o", "json", code=79).out)
        self.assertEqual((False, "size-differs"), (said["matches"], said["files"][0]["verdict"]))
        self.assertNotIn("digest", said["files"][0])

    def test_verify_of_work_that_failed_is_76_and_of_a_silent_server_69(self):
        whole = self.file("image.tar")
        self.call("mark", "build", "--failed", "--reason", "no space", "--artifact", "image=" + whole)
        self.assertIn("no space", self.call("verify", "build", whole, code=76).err)
        self.batond.kill()
        self.call("verify", "build", whole, "--unreachable-timeout", "500ms", code=69)

    def test_a_marker_is_found_by_the_inputs_that_its_name_is_of(self):
        whole = self.file("image.tar")
        self.call("run", "build", "--input", "a", "--input", "b", "--artifact", "image=" + whole, "--", "true")
        self.call("verify", "build", "--input", "a", "--input", "b", whole)
        self.call("verify", "build", "--input", "a", whole, code=78)

    def test_the_same_marker_again_is_a_success_and_another_one_says_what_differs(self):
        one, two = self.file("one", b"1"), self.file("two", b"22")
        flags = ("--result", "tag=1", "--artifact", "a=" + one, "--artifact", "b=" + two)
        self.call("mark", "m", *flags)
        self.call("mark", "m", *flags)
        # In whatever order they are given.
        self.call("mark", "m", "--artifact", "b=" + two, "--artifact", "a=" + one, "--result", "tag=1")
        other = self.call("mark", "m", "--result", "tag=2", "--artifact", "a=" + two, "--reason", "x", code=79)
        for said in ('reason is "x" here and absent there', 'result.tag is "2" here and "1" there',
                     'artifact a is "sha256:', 'artifact b is absent here and "sha256:'):
            self.assertIn(said, other.err)
        self.assertEqual([1, 2], [artifact["size"] for artifact in self.marker("m")["artifacts"]])
