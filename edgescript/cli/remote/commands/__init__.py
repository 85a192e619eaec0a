"""The commands that ask a console, one module each."""
