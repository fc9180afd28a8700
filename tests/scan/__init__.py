"""`python -m tests.scan`: known holes in what we use, slow patterns in what we wrote."""
