"""curl alone is enough."""

import json
import os
import re
import subprocess

from support import ROOT, Story, environment, read

TOUR = os.path.join(ROOT, "docs", "demo", "tour.sh")
README = os.path.join(ROOT, "README.md")


class Tour(Story):
    def test_with_curl_alone_one_campaigns_renews_completes_and_waits(self):
        daemon = self.daemon()
        run = subprocess.run(
            ["bash", TOUR], env=environment(BATON_SERVER=daemon.url), timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(0, run.returncode, run.stdout + run.stderr)
        answers = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        elected, renewed, lease, completed, bela, marker, history = answers
        self.assertEqual("elected", elected["outcome"])
        self.assertEqual(elected["fencingToken"], renewed["lease"]["fencingToken"])
        self.assertEqual("anna", lease["holderIdentity"])
        self.assertEqual({"image": "sha256:4f5a"}, completed["marker"]["result"])
        self.assertEqual(("done", completed["marker"]), (bela["outcome"], bela["marker"]))
        self.assertEqual(("done", completed["marker"]), (marker["outcome"], marker["marker"]))
        self.assertEqual(["completed"], [hold["end"] for hold in history["items"]])

    def test_the_readme_has_the_commands_of_the_tour(self):
        if "docs/demo/tour.sh" not in read(README):
            self.skipTest("README.md doesn't show the tour yet")
        shown = re.sub(r"\s+", " ", read(README))
        verbs = re.findall(r"\$ci/(\S+?)[\"\s?]", read(TOUR))
        self.assertEqual([], [verb for verb in sorted(set(verbs)) if verb not in shown])
