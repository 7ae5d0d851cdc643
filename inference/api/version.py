"""Which Kinora this is, and how it is started."""

import sys

VERSION = "0.1.0"  # the same as in pyproject.toml
LAUNCHER = r".\kinora.bat" if sys.platform == "win32" else "./kinora"  # typed in its folder
