"""Ways in: the command line, the worker and HTTP."""
