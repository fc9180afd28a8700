"""The data key: what the database holds of it, where sealed values lie, and a new key for all.

stored    what a database itself keeps of its keys: the proof, and the key of the fingerprints
places    where sealed values lie, by the names of columns and files
census    how many there are, and which key opens them
resealing sealing them anew, a batch at a time
rotation  a new key in the place of the old one, safe against a crash at any step
commands  what `python app.py keys` does and says
"""
