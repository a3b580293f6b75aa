"""The calculator asked through each of its faces, as their callers do."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def command(*arguments, cwd=ROOT, **environment):
    """Run ``manage.py deadline`` as somebody with an empty environment does; return code, output and error."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "deadline", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def asked(line):
    """Return the rule and the inputs of a command line."""
    words = line.split()
    return words[0], dict(word.split("=", 1) for word in words[1:])


def as_json(text):
    """Return what stands in a text that is JSON alone."""
    return json.loads(text)
