"""What authors' texts cost is paid in processes of its own, which are ended when they take too long."""
