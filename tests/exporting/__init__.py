"""Exported configurations on the real servers: how they are started, asked, and compared with the middleware."""
