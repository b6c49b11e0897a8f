"""Caches in front: one application behind nginx and behind Varnish, asked in many orders, and judged by the browser."""
