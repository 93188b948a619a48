"""docs/recipes/eol-annotation: the race without Baton, and with it, played by the recipe's own script."""

import os
import re
import subprocess

from support import PROGRAMS, ROOT, Story, environment, read

SECONDS = 60
FOLDER = os.path.join(ROOT, "docs", "recipes", "eol-annotation")


class EolAnnotation(Story):
    def test_the_script_plays_the_race_and_keeps_its_promises(self):
        folder = self.path("world")
        env = environment(PATH=PROGRAMS + ":" + os.environ["PATH"])
        # Whatever CI system this runs in is not the recipe's.
        env = {name: value for name, value in env.items() if not name.startswith(("GITHUB_", "BUILD_", "CI_"))}
        with open(self.path("out"), "wb") as out:
            code = subprocess.call([os.path.join(FOLDER, "run.sh"), folder], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, env=env, timeout=300)
        self.assertEqual(0, code, read(self.path("out")))
        # What happened, in order.
        race, rest = read(os.path.join(folder, "log")).split("annotated old\nlisted b1\n", 1)
        self.assertEqual(["pushed a1", "pushed b1", "listed a1", "read the file", "listed the registry",
                          "annotated b1"], race.split("\n")[:-1])
        lines = rest.split("\n")[:-1]
        self.assertEqual(["pushed b1", "pushed a1", "listed a1", "listed b1", "annotated old"], lines[:5])
        self.assertEqual(["pushed b1", "refused", "pushed b1", "listed b1", "annotated old"], lines[5:10])
        self.detected(folder, lines[10:])

    def detected(self, folder, lines):
        """The race again, only watched: who met whom, and in which phase."""
        self.assertEqual(["pushed b1", "pushed a1", "listed a1", "annotated b1", "annotated old", "listed b1"], lines)
        _, *pairs = read(os.path.join(folder, "overlaps")).splitlines()
        columns = [re.split(r"\s{2,}", pair) for pair in pairs]
        met = {tuple(sorted(re.match(r"[a-z]+(-[ab]\b)?", holder).group() for holder in (row[3], row[6]))): row
               for row in columns}
        self.assertEqual({("annotate", "publish-b"), ("publish-a", "publish-b")}, set(met))
        self.assertIn("pushing", "".join(met["annotate", "publish-b"]))
        self.assertIn("nothing overlapped", read(self.path("out")))

    def test_the_pipeline_is_YAML_and_says_what_the_script_says(self):
        import yaml
        with open(os.path.join(FOLDER, "pipeline.yaml")) as file:
            text = file.read()
        stages = yaml.safe_load(text)["stages"]
        self.assertEqual(["publish", "annotate"], [stage["stage"] for stage in stages])
        for command in ("baton run images --shared", "baton phase pushing", "baton run images-file",
                        "baton run images --fail-on-abandoned"):
            self.assertIn(command, text)
