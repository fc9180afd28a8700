"""A stand-in for Telegram: the Bot API for bots, and the phones of those who talk to them.

Written from the public documentation, from the sources of Telegram's own Bot API server and
TDLib (parser, limits, texts of errors), and from what the libraries of clients expect.
"""

from sandbox.telegram.bots import Bot
from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chats import Group, Topic
from sandbox.telegram.double import TelegramDouble
from sandbox.telegram.messages import Message
from sandbox.telegram.users import User

__all__ = ["Bot", "Callback", "Group", "Message", "TelegramDouble", "Topic", "User"]
