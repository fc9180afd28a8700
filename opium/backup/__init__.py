"""Copies of the database, and what must happen before a restored one may sell again.

names     file names of copies, and which of them are kept (pure)
copies    taking and checking a copy
restoring putting a copy in the database's place; the present one is kept aside
epoch     the counter outside the database that tells a restored one
disk      how much room is left
keeper    hourly copies, their rotation and checks, while it serves
mode      which accounts may send nothing until a person releases them
reread    what an account did since the copy was taken, read again at FunPay
"""
