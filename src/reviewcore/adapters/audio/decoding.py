"""Decode one file to its end, as a program of its own, and say how long it plays.

Run by path with the file as standard input; it imports nothing of ours. What a hostile file does
to the decoder, it does to this process, which has little memory and not much time. One line of
JSON comes out: the seconds, or what is wrong with the file.
"""

from __future__ import annotations

import json
import sys

import soundfile  # type: ignore[import-untyped]  # it ships no types

BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 2
CHANNELS_MAX = 8
RATE_MAX = 384_000

KINDS = {"MP3": {"MP3"}, "WAV": {"WAV", "WAVEX", "RF64"}, "FLAC": {"FLAC"}, "OGG": {"OGG"}}

# Of what its header announces an encoder's padding may be missing, but not a tenth.
MISSING_MAX_PERCENT = 10


def main(wanted: str, seconds_max: int) -> dict[str, object]:
    """Tell `seconds`, or a `reason` why it is refused."""
    try:
        with soundfile.SoundFile(sys.stdin.fileno(), closefd=False) as sound:
            if sound.format not in KINDS[wanted]:
                return {"reason": f"is {sound.format}, not {wanted}"}
            if not 1 <= sound.channels <= CHANNELS_MAX or not 1 <= sound.samplerate <= RATE_MAX:
                return {"reason": "has too many channels or samples a second"}
            return _decode(sound, seconds_max)
    except soundfile.SoundFileError:
        return {"reason": f"cannot be decoded as {wanted}"}


def _decode(sound: soundfile.SoundFile, seconds_max: int) -> dict[str, object]:
    announced, rate = sound.frames, sound.samplerate
    block = bytearray(BLOCK_BYTES - BLOCK_BYTES % (SAMPLE_BYTES * sound.channels))
    decoded = 0
    while count := sound.buffer_read_into(block, dtype="int16"):
        decoded += count
        if decoded > seconds_max * rate:
            return {"reason": f"plays for more than {seconds_max} seconds"}
    if sound.format == "MP3" and decoded * 100 < announced * (100 - MISSING_MAX_PERCENT):
        return {"reason": "is cut short"}
    if decoded < rate:
        return {"reason": "plays for less than a second"}
    return {"seconds": -(-decoded // rate)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))  # noqa: T201 - this is its answer
