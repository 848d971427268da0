"""Settings, and the one place where everything is wired together and run. May import all of the server side."""
