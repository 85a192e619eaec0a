"""What the console sends its nodes and what they send back: pure, the same code on both sides."""
