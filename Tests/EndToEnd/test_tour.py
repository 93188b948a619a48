"""The README's first five minutes, run as they stand."""

import os
import re
import subprocess

from support import PROGRAMS, ROOT, Story, environment, free_port, read

README = os.path.join(ROOT, "README.md")


class Tour(Story):
    def test_the_first_five_minutes_of_the_readme_do_what_it_says(self):
        """As they stand, but for the port, the folder and the build; and as a person types: the next
        command once the one before is under way."""
        section = re.search(r"(?ms)^## The first five minutes\n(.*?)^## ", read(README)).group(1)
        blocks = re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", section)
        port = free_port()
        self.assertIn("7979", section)
        lines = ["set -eu"]
        for line in "".join(blocks).splitlines():
            if line.startswith(("make ", "export PATH")):
                continue
            lines += ["echo; echo %s" % quoted("$ " + line), line.replace("7979", str(port))]
            if line.startswith("batond"):
                lines.append("until curl -fs http://127.0.0.1:%d/readyz; do sleep 0.02; done" % port)
            elif line.startswith("baton run") and line.endswith("&"):
                lines.append("until curl -s http://127.0.0.1:%d/v1/status | grep -q '\"holds\":1'; do sleep 0.02; done" % port)
        text = "\n".join(lines + ["wait"]).replace("/tmp/baton-tour", self.path("data"))
        run = subprocess.run(
            ["bash", "-c", text], cwd=self.folder, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment(
                PATH=PROGRAMS + ":" + os.environ["PATH"], BATON_SERVER="http://127.0.0.1:%d" % port))
        self.evidence = run.stdout
        self.assertEqual(0, run.returncode)
        said = dict(re.findall(r"(?ms)^\$ ([^\n]*)\n(.*?)(?=^\$ |\Z)", run.stdout))
        answers = [said[command] for command in said if "curl" in command]
        self.assertNotIn("never runs\n", "\n".join(text for command, text in said.items() if "never runs" in command))
        self.assertIn("digest=sha256:abc", said["baton run tour --input a-release -- echo 'never runs'"])
        self.assertIn("completed", said["baton history"])
        outcomes = re.findall(r'"outcome":"(elected|waiting|done)"', "".join(answers))
        self.assertEqual(["elected", "waiting", "done", "waiting", "done"], outcomes)
        self.assertNotIn("urn:baton:problem", run.stdout)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
