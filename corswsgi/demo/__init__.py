"""The demo: a page, an API behind the middleware and a reference server, on three origins of this machine."""
