"""`python -m edgescript`: the command line."""

from edgescript.cli import main

main()
