"""One site behind every server: each row is asked over a socket and judged, and what the server did is noted."""
