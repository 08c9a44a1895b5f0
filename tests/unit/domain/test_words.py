from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.errors import FeedbackTooThin
from reviewcore.domain.words import judge_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  ...!? — \n", ()),
        ("The bass, the BASS!", ("the", "bass", "the", "bass")),
        ("don't stop 'til l’intro'", ("don't", "stop", "til", "l'intro")),  # noqa: RUF001 - as people type
        ("DON’T don't", ("don't", "don't")),  # noqa: RUF001 - as people type
        ("a''b '' '", ("a", "b")),
        (
            "low-end snake_case 808s at 1:23",
            ("low", "end", "snake", "case", "808s", "at", "1", "23"),
        ),
        ("Größe GRÖSSE", ("grösse", "grösse")),
        ("cafe\u0301 café", ("café", "café")),
        ("ｂａｓｓ bass", ("bass", "bass")),  # noqa: RUF001 - as people type
        ("ba\u200bss ba\u00adss \u2060bass", ("bass", "bass", "bass")),
        ("🔥🔥 ❤\ufe0f fire❤\ufe0f 1\ufe0f\u20e3", ("fire", "1\ufe0f\u20e3")),
        ("हिन्दी में", ("हिन्दी", "में")),
        ("رائع جدا", ("رائع", "جدا")),
        ("저음이 좋아요", ("저음이", "좋아요")),
        ("低音很好。", ("低", "音", "很", "好")),
        ("低音bass好", ("低", "音", "bass", "好")),
        ("ベースが 良い", ("ベ", "ー", "ス", "が", "良", "い")),
        ("\uff8d\uff9e\uff70\uff7d", ("ベ", "ー", "ス")),
        ("人々", ("人", "々")),
        ("ดีมาก", ("ด", "ม", "า", "ก")),
        ("\U00020000\U0002a700", ("\U00020000", "\U0002a700")),
    ],
)
def test_words_are_what_the_definition_says(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def judge(text: str) -> None:
    judge_words(text, section="best_part", words_min=30, unique_min=8, unique_percent_min=30)


def different(count: int) -> str:
    return " ".join(f"word{number}" for number in range(count))


def test_thirty_different_words_are_enough() -> None:
    judge(different(30))


def test_too_few_words_are_refused() -> None:
    with pytest.raises(FeedbackTooThin) as refusal:
        judge(different(29))

    assert refusal.value.section == "best_part"
    assert refusal.value.reason == "words"
    assert (refusal.value.minimum, refusal.value.actual) == (30, 29)


def test_too_few_different_words_are_refused() -> None:
    text = " ".join([different(7)] * 5)

    with pytest.raises(FeedbackTooThin) as refusal:
        judge(text)

    assert (refusal.value.section, refusal.value.reason) == ("best_part", "different words")
    assert (refusal.value.minimum, refusal.value.actual) == (8, 7)


def test_a_text_that_mostly_repeats_is_refused() -> None:
    text = different(20) + " word0" * 47

    with pytest.raises(FeedbackTooThin) as refusal:
        judge(text)

    assert (refusal.value.section, refusal.value.reason) == (
        "best_part",
        "percent different words",
    )
    assert (refusal.value.minimum, refusal.value.actual) == (30, 29)


def test_exactly_the_different_words_are_enough() -> None:
    text = different(8) + " word0" * 22

    judge_words(text, section="best_part", words_min=30, unique_min=8, unique_percent_min=0)


def test_exactly_the_percentage_is_enough() -> None:
    judge(different(9) + " word0" * 21)


def test_upper_case_makes_no_word_different() -> None:
    with pytest.raises(FeedbackTooThin):
        judge("Bass bASS BASS bass " * 10)


def test_invisible_characters_make_no_word_different() -> None:
    with pytest.raises(FeedbackTooThin):
        judge(" ".join("bass" + "\u200b" * count for count in range(30)))


def test_a_chinese_sentence_can_be_enough() -> None:
    judge("这首歌的低音很好听，鼓点也很有力量，但是人声有点太小了，副歌可以更加突出一些。")  # noqa: RUF001 - as people type


def test_floors_of_zero_accept_silence() -> None:
    judge_words("", section="best_part", words_min=0, unique_min=0, unique_percent_min=100)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), max_size=40))
def test_plain_words_are_counted_as_they_were_written(words: list[str]) -> None:
    assert words_of(", ".join(words)) == tuple(words)


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_on_two_lines_are_those_of_each_line(first: str, second: str) -> None:
    assert words_of(f"{first}\n{second}") == words_of(first) + words_of(second)


@given(st.text(max_size=200))
def test_no_word_is_empty_and_none_holds_a_space(text: str) -> None:
    assert all(word and not any(map(str.isspace, word)) for word in words_of(text))


def test_plain_text_is_read_as_the_same_text_beside_other_letters() -> None:
    for letter in map(chr, range(128)):
        for text in (f"A{letter}b", f"{letter}a", f"a{letter}", f"a'{letter}'b", letter):
            assert (*words_of(text), "é") == words_of(f"{text} é"), repr(text)
