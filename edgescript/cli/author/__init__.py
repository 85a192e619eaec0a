"""Commands of those who write scripts: files in, answers out; no node, no console."""
