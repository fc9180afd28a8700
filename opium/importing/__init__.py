"""Moving in from other programs: what they left in their folders becomes accounts of ours.

What is read there is only data: nothing in it becomes a path, and links are not followed. It is
stored by our own routes, so that it meets the same checks as what a client sends.
"""
