"""What IX-API says: its schemas, its operations, its problem types, and nothing of ours but what is marked so."""
