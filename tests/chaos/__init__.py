"""Proof by trying: the real server, a marketplace that misbehaves, and a judge that believes only
the marketplace's own log. See docs/chaos.md."""
