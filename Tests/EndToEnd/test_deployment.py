"""What deploy/ has: checked by systemd's own tools, which need no running systemd."""

import os
import shutil
import subprocess

from support import ROOT, Story, environment

SECONDS = 2


class Units(Story):
    def analyze(self, *arguments):
        run = subprocess.run(
            ["systemd-analyze", *arguments], env=environment(), cwd=self.folder, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertEqual(0, run.returncode, run.stdout)
        return run.stdout

    def setUp(self):
        super().setUp()
        for name in ("batond.service", "batond.socket"):
            path = shutil.copy(os.path.join(ROOT, "deploy", "systemd", name), self.folder)
            with open(path) as file:
                text = file.read()
            with open(path, "w") as file:
                # A program that is there: verify looks for it.
                file.write(text.replace("/usr/local/bin/batond", "/bin/true"))

    def test_the_units_are_well_formed(self):
        said = self.analyze("verify", "./batond.service", "./batond.socket")
        self.assertNotIn("batond", said)

    def test_the_service_is_exposed_to_little(self):
        # 0 to 100; systemd calls up to 20 "OK" and more than 50 "EXPOSED" or worse.
        self.analyze("security", "--offline=true", "--threshold=20", "./batond.service")
