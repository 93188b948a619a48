"""What is true of every recipe with a script."""

import glob
import os
import signal
import subprocess

from support import PATIENCE, PROGRAMS, ROOT, Story, environment, read, until

SECONDS = 10
RECIPES = os.path.join(ROOT, "docs", "recipes")


class Recipes(Story):
    def scripts(self):
        found = sorted(glob.glob(os.path.join(RECIPES, "*", "run.sh")))
        self.assertGreaterEqual(len(found), 4)
        return [(os.path.basename(os.path.dirname(path)), path) for path in found]

    def test_each_has_a_page_a_file_for_a_CI_system_a_test_and_a_place_in_the_README(self):
        readme = read(os.path.join(ROOT, "README.md"))
        for name, script in self.scripts():
            with self.subTest(recipe=name):
                page = read(os.path.join(RECIPES, name + ".md"))
                self.assertIn("(docs/recipes/%s.md)" % name, readme)
                beside = sorted(set(os.listdir(os.path.dirname(script))) - {"run.sh"})
                self.assertTrue(beside and all(file.endswith(".yaml") for file in beside), beside)
                for file in ["run.sh"] + beside:
                    self.assertIn("(%s/%s)" % (name, file), page)
                self.assertTrue(os.path.exists(os.path.join(
                    os.path.dirname(os.path.abspath(__file__)), "test_recipe_%s.py" % name.replace("-", "_"))))
                self.assertTrue(os.access(script, os.X_OK))
                self.assertIn("\nset -euo pipefail\n", read(script))

    def test_none_plays_in_a_folder_where_something_is(self):
        for name, script in self.scripts():
            with self.subTest(recipe=name):
                folder = self.path(name)
                os.mkdir(folder)
                with open(os.path.join(folder, "mine"), "w") as file:
                    file.write("of another time")
                run = subprocess.run(
                    [script, folder], timeout=PATIENCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env=environment(PATH=PROGRAMS + ":" + os.environ["PATH"]))
                self.assertEqual((64, "", "run.sh: %s isn't empty\n" % folder), (run.returncode, run.stdout, run.stderr))
                self.assertEqual(["mine"], os.listdir(folder))

    def test_one_that_is_stopped_in_the_middle_leaves_no_process_behind(self):
        for name, script in self.scripts():
            with self.subTest(recipe=name):
                folder = self.path("stopped-" + name)
                with open(self.path(name + ".out"), "wb") as out:
                    run = subprocess.Popen(
                        [script, folder], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                        env=environment(PATH=PROGRAMS + ":" + os.environ["PATH"]))
                # Its daemon, a baton with what it guards it by, and what that runs.
                until(lambda: len(under(folder)) >= 4, "it is in the middle")
                run.send_signal(signal.SIGTERM)
                self.assertEqual(143, run.wait(PATIENCE), read(self.path(name + ".out")))
                until(lambda: not under(folder), "all have ended")


def under(folder):
    """The processes whose environment names the folder: what its script has started."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if folder.encode() in file.read():
                    found.append(int(path.split("/")[2]))
        except OSError:
            pass
    return found
