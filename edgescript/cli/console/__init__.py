"""`edgescript console`: the control plane, and what is done to it while it is stopped."""
