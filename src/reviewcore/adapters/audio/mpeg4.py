"""Decode one M4A or AAC file to its end, as a program of its own, and say how long it plays.

Run by path with the file as standard input, as `decoding.py` is, and with the same answer.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer

CHANNELS_MAX = 8
RATE_MAX = 384_000

CONTAINERS = {"M4A": "mov", "AAC": "aac"}
CODEC = "aac"
"""The one that browsers play in these containers; no other decoder is let near the file."""

OPTIONS = {
    "codec_whitelist": CODEC,
    # A film may name other files for its sound. None is opened, by no protocol.
    "enable_drefs": "0",
    "protocol_whitelist": "none",
    # A list of edits may play a second ten thousand times; browsers do not follow it either.
    "advanced_editlist": "0",
}

# Of what is there a little may be damaged, but not a tenth: as `decoding.py` has it.
DAMAGED_MAX_PERCENT = 10


def main(wanted: str, seconds_max: int) -> dict[str, object]:
    """Tell `seconds`, or a `reason` why it is refused."""
    try:
        with (
            open(sys.stdin.fileno(), "rb", closefd=False) as file,
            av.open(
                file, "r", CONTAINERS[wanted], options=OPTIONS, metadata_errors="replace"
            ) as container,
        ):
            return _judge(container, seconds_max)
    except av.FFmpegError:
        return {"reason": f"cannot be decoded as {wanted}"}


def _judge(container: InputContainer, seconds_max: int) -> dict[str, object]:
    if not container.streams.audio:
        return {"reason": "holds no sound"}
    sound = container.streams.audio[0]
    # None where FFmpeg knows no codec of that name, whatever the types say.
    codec: AudioCodecContext | None = sound.codec_context
    if codec is None or codec.name != CODEC:
        return {"reason": "holds another sound than AAC"}
    codec.thread_count = 1
    return _decode(container, sound, seconds_max)


def _decode(container: InputContainer, sound: AudioStream, seconds_max: int) -> dict[str, object]:
    # A film says how many packets its sound has; a stream of bare AAC says nothing.
    packets, damaged, announced = 0, 0, sound.frames
    samples: Counter[int] = Counter()
    for packet in container.demux(sound):
        packets += 1
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            damaged += 1
            continue
        for frame in frames:
            rate = frame.sample_rate
            if not 1 <= rate <= RATE_MAX or frame.layout.nb_channels > CHANNELS_MAX:
                return {"reason": "has too many channels or samples a second"}
            samples[rate] += frame.samples
            if samples[rate] > seconds_max * rate:
                return {"reason": f"plays for more than {seconds_max} seconds"}
    missing = max(announced - packets, 0)
    if (missing + damaged) * 100 > max(announced, packets) * DAMAGED_MAX_PERCENT:
        return {"reason": "is cut short or damaged"}
    return _length(samples, seconds_max)


def _length(samples: Counter[int], seconds_max: int) -> dict[str, object]:
    seconds = sum(Fraction(count, rate) for rate, count in samples.items())
    if seconds > seconds_max:
        return {"reason": f"plays for more than {seconds_max} seconds"}
    if seconds < 1:
        return {"reason": "plays for less than a second"}
    return {"seconds": math.ceil(seconds)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))  # noqa: T201 - this is its answer
