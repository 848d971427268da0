"""Two hundred accounts ordering at once: what is accepted is there exactly once, and how fast that is."""
