"""The control plane: domains, scripts, versions, rollouts, and the nodes that follow them."""
