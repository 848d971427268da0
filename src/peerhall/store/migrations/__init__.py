"""The steps from an empty database to today's schema, one SQL file each, never changed once released."""
