"""One module a step, in the order that their revisions name."""
