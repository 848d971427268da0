"""`peerhall`, the operator's command. May import all of the server side."""
