"""Password hashes of the standard library."""

from reviewcore.adapters.passwords.scrypt import ScryptPasswords

__all__ = ["ScryptPasswords"]
