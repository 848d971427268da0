"""IX-F member exports: who is at an exchange, as most exchanges publish it already."""
