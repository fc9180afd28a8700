"""What Prometheus reads: `counters` are counted while we work, `page` asks for the rest.

figures    one figure, as the core and the modules give it
counters   what no row remembers: polls, answers, how long things took
rows       what the rows say
server     the process, its threads, its disk, and the accounts as they are now
page       all of it as text
"""
