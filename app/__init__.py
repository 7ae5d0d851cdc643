"""The window. It imports `inference.api` and nothing else of ours."""
