"""What the tests of the window share: a display of their own, unless one is given."""

import os

# Read when the first application is made. Under Xvfb: QT_QPA_PLATFORM=xcb xvfb-run pytest tests/app
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
