"""A node follows its console: in a process of its own, by questions that the node asks."""
