"""Files in memory, in a folder, or in a store that speaks S3."""

from reviewcore.adapters.files.local import LocalFiles
from reviewcore.adapters.files.memory import MemoryFiles
from reviewcore.adapters.files.served import Deed, Receiving, Refusal, ServedFiles, Slip

__all__ = ["Deed", "LocalFiles", "MemoryFiles", "Receiving", "Refusal", "ServedFiles", "Slip"]
