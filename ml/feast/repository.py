"""What ``feast apply`` finds in this folder: everything that ``views.json`` declares."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from skillforge_features.definitions import repository  # noqa: E402

# Feast looks at the names of this module.
globals().update({one.name: one for one in repository()})
