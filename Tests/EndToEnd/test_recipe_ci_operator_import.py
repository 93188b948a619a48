"""docs/recipes/ci-operator-import, run as it stands."""

import json
import os
import subprocess

import yaml

from support import PATIENCE, PROGRAMS, ROOT, Story, environment, read

SECONDS = 30
RECIPE = os.path.join(ROOT, "docs", "recipes", "ci-operator-import")


class ImportRace(Story):
    def lines(self, name):
        return read(self.path("left/" + name)).splitlines()

    def outcomes(self, what):
        """The outcome files of a round."""
        left = self.path("left")
        names = sorted(name for name in os.listdir(left) if name.startswith(what + "-") and name.endswith(".outcome"))
        return [json.loads(read(os.path.join(left, name))) for name in names]

    def test_forty_runs_import_once_and_what_fails_is_hollow_or_cancelled_is_imported_again_once(self):
        run = subprocess.run(
            [os.path.join(RECIPE, "run.sh"), self.path("left")], timeout=PATIENCE * 4, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment(PATH=PROGRAMS + ":" + os.environ["PATH"]))
        self.evidence = run.stdout
        self.assertEqual(0, run.returncode)
        self.assertEqual([], self.lines("overlapped"))
        begun = [line.split() for line in self.lines("begun")]
        self.assertEqual(
            [("once", "1", "first"), ("once", "2", "failed"), ("hollow", "1", "completed"), ("again", "1", "first"),
             ("cancelled", "1", "first"), ("next", "1", "resigned")],
            [(holder.split("-")[0], attempt, previous) for holder, attempt, previous, _ in begun])
        self.assertEqual([holder for holder, attempt, previous, _ in begun if (attempt, previous) != ("1", "first")
                          or holder.startswith("again")], self.lines("imported"))

        once = self.outcomes("once")
        self.assertEqual(40, len(once))
        failed = [end["holderIdentity"] for end in once if end["outcome"] == "command-failed"]
        self.assertEqual(self.lines("failed"), failed)
        hollow = self.outcomes("hollow")
        self.assertEqual(40, len(hollow))
        # The marker that was found hollow was replaced, not another one written beside it.
        self.assertEqual({once[0]["lease"]}, {end["lease"] for end in once + hollow})
        # A run whose verification came only when it was imported again believes the marker of before, rightly.
        before = {end["marker"]["revision"] for end in once if end["outcome"] == "done"}
        after = {end["marker"]["revision"] for end in hollow if end["outcome"] == "done"}
        self.assertEqual(1, len(before))
        self.assertLessEqual(len(after - before), 1)
        again_done, = [end for end in hollow if end["outcome"] == "succeeded"]
        self.assertEqual(self.lines("imported")[1], again_done["holderIdentity"])
        # Another UID is another name.
        again, after = self.outcomes("again"), self.outcomes("next")
        self.assertEqual(3, len({once[0]["lease"], again[0]["lease"], after[0]["lease"]}))
        cancelled, = self.outcomes("cancelled")
        self.assertEqual(("interrupted", 143), (cancelled["outcome"], cancelled["exitCode"]))

    def test_the_task_is_one_and_its_script_calls_the_command_as_the_recipe_does(self):
        with open(os.path.join(RECIPE, "task.yaml")) as file:
            task = yaml.safe_load(file)
        self.assertEqual(("tekton.dev/v1", "Task"), (task["apiVersion"], task["kind"]))
        step, = task["spec"]["steps"]
        subprocess.run(["bash", "-n"], input=step["script"], text=True, check=True)
        for text in (step["script"], read(os.path.join(RECIPE, "run.sh"))):
            self.assertIn("baton run release-import-initial", text)
            self.assertIn("--input \"$PULLSPEC\" --input", text)
            self.assertIn("--verify", text)
