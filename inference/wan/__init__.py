"""The Wan2.1 networks, one file each. They do not import each other."""
