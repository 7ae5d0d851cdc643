"""Which Kinora this is."""

VERSION = "0.1.0"  # the same as in pyproject.toml
