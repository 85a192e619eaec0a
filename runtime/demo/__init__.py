"""
The demonstration that `make run` starts, all of it on loopback: an origin, a console with a customer, an edge node for
production and one for staging. The node for production serves the examples, too.
"""
