"""Guessing the password of a real server, and what it costs everybody else (S6 to S8)."""
