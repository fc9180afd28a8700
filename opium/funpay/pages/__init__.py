"""FunPay's pages and answers: text in, models out, and nothing else.

A page that is not what was asked for raises what it means (`SignedOut`, `Banned`, `Missing`,
`Unreachable`); one that we no longer understand raises `PageChanged`, naming page and field.
"""
