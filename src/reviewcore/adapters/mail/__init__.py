"""Mail: over SMTP, and for development and tests to the console, to files, to memory."""

from reviewcore.adapters.mail.console import ConsoleMail
from reviewcore.adapters.mail.files import FileMail
from reviewcore.adapters.mail.memory import MemoryMail
from reviewcore.adapters.mail.smtp import SmtpMail, SmtpServer

__all__ = ["ConsoleMail", "FileMail", "MemoryMail", "SmtpMail", "SmtpServer"]
