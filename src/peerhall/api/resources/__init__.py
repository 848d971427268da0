"""What answers each operation: a handler takes the request and the values in its path."""
