"""What the window and the worker agree on. Standard library only."""
