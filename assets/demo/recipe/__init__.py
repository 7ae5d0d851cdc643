"""Makes the model that ships, from nothing: `python -m assets.demo.recipe --help`."""
