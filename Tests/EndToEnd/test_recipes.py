"""What is true of every recipe with a script."""

import glob
import os
import subprocess

from support import PATIENCE, PROGRAMS, ROOT, Story, environment, read

SECONDS = 2
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
