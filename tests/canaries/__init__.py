"""Every secret that a test run makes is a canary: it is looked for in all that comes out.

`taps` listens inside each process, `places` says where a secret may be, `search` looks,
`plugin` does it for every test, `python -m tests.canaries` for the whole suite.
"""
