"""Requests that keep a total time, are never repeated, and tell whether anything was sent."""
