"""docs/recipes/immutable-tags, run as it stands; and the step of its workflow that moves the alias."""

import os
import re
import subprocess

import yaml

from support import PATIENCE, PROGRAMS, ROOT, Story, environment, read

SECONDS = 25
RECIPE = os.path.join(ROOT, "docs", "recipes", "immutable-tags")
PATH = PROGRAMS + ":" + os.environ["PATH"]


class ImmutableTags(Story):
    def lines(self, name):
        return read(self.path("left/" + name)).splitlines()

    def test_a_bad_build_is_rolled_back_a_late_one_is_passed_over_and_a_broken_one_is_never_joined(self):
        run = subprocess.run(
            [os.path.join(RECIPE, "run.sh"), self.path("left")], timeout=PATIENCE * 4, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(PATH=PATH))
        self.evidence = run.stdout
        self.assertEqual(0, run.returncode)
        # Each push once for each architecture; 11 has no arm64, and the re-run of 7 built nothing.
        built = [line.split()[:2] for line in self.lines("built")]
        both = [7, 8, 9, 10, *range(12, 18)]
        self.assertEqual(sorted([[str(push), arch] for push in both for arch in ("amd64", "arm64")] + [["11", "amd64"]]),
                         sorted(built))
        # Joined once each, from two digests, and never the one whose arm64 has failed.
        pushed = [line.split() for line in self.lines("pushed")]
        self.assertEqual((len(both), len(both)), (len(pushed), len({tag for tag, _, _ in pushed})))
        self.assertNotIn("workers-sha-0ddba11", [tag for tag, _, _ in pushed])
        for _, amd64, arm64 in pushed:
            self.assertRegex(amd64 + arm64, "^(sha256:[0-9a-f]{64}){2}$")
            self.assertNotEqual(amd64, arm64)
        failed = read(self.path("left/run-11-release/err"))
        self.assertIn("workers-0ddba11-arm64 has failed: attempt 1 of 1 ended", failed)

        moves = [re.split(r"\s{2,}", line.strip()) for line in self.lines("history")[1:]]
        moves = [(move, target[len("workers-sha-"):], by, reason) for _, _, move, _, target, by, reason in moves][::-1]
        self.assertEqual(
            [("set", "c804cace", "push 7"), ("set", "badbad00", "push 9"),
             ("rolled-back", "c804cace", "crashes at start"), ("set", "f1xedf1x", "push 10")],
            [(move, target, reason) for move, target, _, reason in moves[:4]])
        self.assertEqual("olga", moves[2][2])
        self.assertIn("/7409/workers/1/", moves[1][2])
        # Six at a time: some were passed over, and it never went back.
        raced = [int(reason.split()[1]) for _, _, _, reason in moves[4:]]
        self.assertEqual(sorted(set(raced)), raced)
        self.assertEqual(17, raced[-1])
        # What is rolled out is a digest, and the same one again after the rollback.
        deployed = [line.split() for line in self.lines("deployed")]
        self.assertEqual(["c804cace", "badbad00", "c804cace", "f1xedf1x"],
                         [tag[len("workers-sha-"):] for tag, _ in deployed[:4]])
        self.assertEqual(deployed[0], deployed[2])
        self.assertEqual(
            ["::notice::push %d: a later one is out already" % push for push in (8, 7)], self.lines("skipped"))

    def steps(self):
        with open(os.path.join(RECIPE, "workflow.yaml")) as file:
            workflow = yaml.safe_load(file)
        return workflow, {
            step["name"]: step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step}

    def test_the_workflow_calls_the_command_as_the_script_does(self):
        workflow, steps = self.steps()
        self.assertEqual("bash", workflow["defaults"]["run"]["shell"])
        self.assertEqual(["amd64", "arm64"], [
            leg["architecture"] for leg in workflow["jobs"]["build"]["strategy"]["matrix"]["include"]])
        script = read(os.path.join(RECIPE, "run.sh"))
        called = set(re.findall(r"baton (?:alias )?[a-z]+", "\n".join(steps.values())))
        self.assertEqual({"baton run", "baton wait", "baton alias get", "baton alias set"}, called)
        for name, step in steps.items():
            with self.subTest(step=name):
                # What GitHub would put in is in the environment: a text of others is no shell.
                self.assertNotIn("${{", step)
                subprocess.run(["bash", "-n"], input=step, text=True, check=True)
        for call in called:
            self.assertIn(call, script)

    def test_the_workflows_step_moves_the_alias_on_and_never_back(self):
        batond = self.daemon()
        text = self.steps()[1]["Move the alias, unless a later push is there"]
        output = self.path("output")

        def move(number):
            """As GitHub runs a step whose shell is bash."""
            open(output, "w").close()
            run = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text], timeout=PATIENCE, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(
                    PATH=PATH, BATON_SERVER=batond.url, BATON_NAMESPACE="ci", GITHUB_OUTPUT=output,
                    GITHUB_RUN_NUMBER=number, TAG="workers-sha-%d" % number))
            self.evidence += run.stdout
            return run.returncode, read(output), "::notice::" in run.stdout

        # In another order than that of the pushes, by the age of the markers.
        for number in (3, 2, 1):
            mark = self.baton(batond, "mark", "workers-sha-%d" % number, "--result", "number=%d" % number)
            self.assertEqual(0, mark.wait(), mark.err)
        self.assertEqual((0, "moved=true\n", False), move(2))
        self.assertEqual((0, "", True), move(1))
        self.assertEqual((0, "moved=true\n", False), move(3))
        self.assertEqual((0, "moved=true\n", False), move(3))
        self.assertEqual((0, "", True), move(2))
        # No marker, no move, and not forever.
        self.assertEqual((1, "", False), move(4))
        history = self.baton(batond, "alias", "history", "latest-workers", "-o", "name")
        self.assertEqual(0, history.wait())
        self.assertEqual(2, len(history.out.splitlines()))
