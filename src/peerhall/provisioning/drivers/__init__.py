"""The drivers that come with Peerhall, found by entry point like any other."""
