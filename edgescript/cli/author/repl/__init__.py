"""`edgescript repl`: a session on a terminal."""
