"""Stand-ins for the services Opium talks to, for tests and demonstrations.

`sandbox.world` holds what exists and what is allowed, `sandbox.funpay` shows it the way
funpay.com does, `sandbox.faults` breaks it on purpose. Nothing here knows the product.
"""
