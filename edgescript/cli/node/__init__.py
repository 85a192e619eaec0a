"""`edgescript serve`: a node's files and its console to what every worker serves."""
