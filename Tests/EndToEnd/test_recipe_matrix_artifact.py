"""docs/recipes/matrix-artifact, run as it stands."""

import os
import re
import subprocess

import yaml

from support import PATIENCE, PROGRAMS, ROOT, Story, environment, read

SECONDS = 20
RECIPE = os.path.join(ROOT, "docs", "recipes", "matrix-artifact")


class MatrixArtifact(Story):
    def lines(self, name):
        return read(self.path("left/" + name)).splitlines()

    def test_one_leg_builds_and_forty_verify_what_they_downloaded_also_in_a_new_attempt(self):
        run = subprocess.run(
            [os.path.join(RECIPE, "run.sh"), self.path("left")], timeout=PATIENCE * 3, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(PATH=PROGRAMS + ":" + os.environ["PATH"]))
        self.evidence = run.stdout
        self.assertEqual(0, run.returncode)
        self.assertEqual(["attempt 1"], self.lines("built"))
        # Forty legs, one of them again in the second attempt, and the builder's own.
        digests = self.lines("verified")
        self.assertEqual((42, 1), (len(digests), len(set(digests))))
        # Each once, the truncated one twice, and its re-run.
        fetched = self.lines("fetched")
        self.assertEqual({str(leg): 3 if leg == 17 else 1 for leg in range(1, 41)},
                         {leg: fetched.count(leg) for leg in set(fetched)})
        # Forty-two downloads, and eight of them at a time.
        now, most = 0, 0
        for line in self.lines("traffic"):
            now += 1 if line.startswith("begin ") else -1
            most = max(most, now)
        self.assertEqual((84, 0, 8), (len(self.lines("traffic")), now, most))
        refused, = self.lines("refused")
        self.assertIn("it has 1234567 bytes, and the marker has 4000000: 2765433 are missing", refused)
        digest = "sha256:" + digests[0].split()[0]
        self.assertRegex(run.stdout, r"Digest: %s\s+Size: +4000000" % re.escape(digest))
        self.pruned(run.stdout)
        for leg in range(1, 41):
            with self.subTest(leg=leg):
                verified = read(self.path("left/runner-%d/out" % leg))
                self.assertEqual("image.tar is 'image': 4000000 bytes, %s\n" % digest, verified)

    def pruned(self, out):
        """At an age of 14 days nothing; then the run's and not the cache, with what the store had of it."""
        self.assertEqual(["7301/image.tar"], self.lines("deleted"))
        weekly, at_once = out.split("== Every week")[1].split("== With an age of nothing")
        self.assertIn("0 markers would go, 2 stay", weekly)
        self.assertIn("1 marker would go, 1 stays", at_once)
        self.assertRegex(at_once, r"keep +cache ")
        self.assertIn("marker/image-7301 is gone", at_once)

    def test_the_weekly_workflow_prunes_as_the_script_does_and_by_hand_only_shows(self):
        with open(os.path.join(RECIPE, "prune.yaml")) as file:
            show, prune = yaml.safe_load(file)["jobs"]["prune"]["steps"]
        self.assertIn("--dry-run", show["run"])
        self.assertNotIn("--dry-run", prune["run"])
        self.assertEqual("github.event_name == 'schedule'", prune["if"])
        script = read(os.path.join(RECIPE, "run.sh"))
        for step in (show, prune):
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)
            self.assertIn("baton prune --older-than 14d --keep cache", step["run"])
        self.assertIn('baton prune --older-than "$1" --keep cache', script)

    def test_the_workflow_calls_the_command_as_the_script_does(self):
        with open(os.path.join(RECIPE, "workflow.yaml")) as file:
            workflow = yaml.safe_load(file)
        self.assertEqual(list(range(40)), workflow["jobs"]["test"]["strategy"]["matrix"]["shard"])
        self.assertNotIn("attempt", workflow["env"]["IMAGE"])
        script = read(os.path.join(RECIPE, "run.sh"))
        steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
        called = set(re.findall(r"baton [a-z]+", "\n".join(steps)))
        self.assertEqual({"baton run", "baton wait", "baton verify"}, called)
        for step in steps:
            with self.subTest(step=step.splitlines()[0]):
                # GitHub runs each with bash -e; what it puts in for ${{ }} is one word.
                text = re.sub(r"\$\{\{.*?\}\}", "1", step)
                subprocess.run(["bash", "-n"], input=text, text=True, check=True)
        for call in called:
            self.assertIn(call, script)
