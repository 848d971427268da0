"""The demo: a fictional exchange of believable size, as the files an operator would bring in."""
