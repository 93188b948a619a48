"""The Python client `kubernetes`, unmodified: which one the tests import, and how.

It is the one in the folder that $BATON_PYTHON_CLIENT names, or what deploy/fetch-clients fetched, or the system's.
"""

import os
import sys

from kubectl import TOOLS

FOLDER = os.environ.get("BATON_PYTHON_CLIENT") or os.path.join(TOOLS, "python")
if os.path.isdir(FOLDER):
    sys.path.insert(0, FOLDER)

try:
    import kubernetes
    MISSING = None
except ImportError as error:
    MISSING = "there is no Python client, %s; deploy/install-packages installs one" % error
