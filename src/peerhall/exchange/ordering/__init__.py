"""The rules of ordering, a module for each kind of thing that can be ordered."""
