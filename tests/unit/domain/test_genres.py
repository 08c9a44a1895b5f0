from __future__ import annotations

from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewcore.domain.errors import UnknownGenre
from reviewcore.domain.genres import CATALOGUE, Genre, GenreTree, catalogue_of
from reviewcore.domain.ids import GenreId

TREE = GenreTree(CATALOGUE)
ROOTS = [genre for genre in CATALOGUE if genre.parent_id is None]

ELECTRONIC = GenreId("electronic")
HOUSE = GenreId("house")
DEEP_HOUSE = GenreId("deep-house")
JAZZ = GenreId("jazz")
BEBOP = GenreId("bebop")

some_ids = st.frozensets(st.sampled_from([genre.id for genre in CATALOGUE]), max_size=5)


def genre(slug: str, *, parent: str | None = None) -> Genre:
    return Genre(
        id=GenreId(slug),
        name=slug.title(),
        slug=slug,
        parent_id=None if parent is None else GenreId(parent),
    )


def test_the_catalogue_is_a_tree_of_two_levels_with_more_than_eighty_genres() -> None:
    assert len(CATALOGUE) > 80
    assert len(ROOTS) >= 10
    assert {each.parent_id for each in CATALOGUE} == {None, *(root.id for root in ROOTS)}


def test_ids_of_the_catalogue_are_its_slugs() -> None:
    assert all(each.id == each.slug for each in CATALOGUE)


def test_parents_stand_before_their_children_in_the_catalogue() -> None:
    assert list(CATALOGUE[: len(ROOTS)]) == ROOTS


@pytest.mark.parametrize(
    ("slug", "name", "parent"),
    [
        ("electronic", "Electronic", None),
        ("deep-house", "Deep House", "electronic"),
        ("drum-and-bass", "Drum & Bass", "electronic"),
        ("trap", "Trap", "hip-hop"),
        ("rnb-and-soul", "R&B & Soul", None),
        ("contemporary-rnb", "Contemporary R&B", "rnb-and-soul"),
        ("country", "Country", "folk-and-country"),
        ("ambient", "Ambient", "ambient-and-experimental"),
    ],
)
def test_slugs_are_read_off_the_names(slug: str, name: str, parent: str | None) -> None:
    found = TREE.by_slug(slug)

    assert (found.name, found.parent_id) == (name, parent)


def test_a_catalogue_lists_the_roots_and_then_what_is_below_each() -> None:
    made = catalogue_of({"Folk & Country": ("Neo-Folk", "R&B  (Country)x"), "Rock&Roll": ()})

    assert made == (
        Genre(id=GenreId("folk-and-country"), name="Folk & Country", slug="folk-and-country"),
        Genre(id=GenreId("rockandroll"), name="Rock&Roll", slug="rockandroll"),
        Genre(
            id=GenreId("neo-folk"),
            name="Neo-Folk",
            slug="neo-folk",
            parent_id=GenreId("folk-and-country"),
        ),
        Genre(
            id=GenreId("rnb-country-x"),
            name="R&B  (Country)x",
            slug="rnb-country-x",
            parent_id=GenreId("folk-and-country"),
        ),
    )


@pytest.mark.parametrize("name", ["", "é", "(Dub)"])
def test_a_name_of_which_no_slug_can_be_made_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        catalogue_of({name: ()})


@pytest.mark.parametrize("slug", ["", "Deep-House", "deep house", "-house", "house-", "a--b", "é"])
def test_a_slug_is_lower_case_ascii_words_joined_by_hyphens(slug: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        Genre(id=GenreId("x"), name="X", slug=slug)


@pytest.mark.parametrize(
    ("genres", "message"),
    [
        ([genre("a"), attrs.evolve(genre("b"), id=GenreId("a"))], "same id: a"),
        (
            [
                genre("a"),
                genre("b"),
                *(attrs.evolve(genre(other), id=GenreId(one)) for other, one in ("ca", "db")),
            ],
            "same id: a, b$",
        ),
        ([genre("a"), attrs.evolve(genre("b"), slug="a")], "same slug: a"),
        ([genre("a"), attrs.evolve(genre("b"), name="A")], "same name: a"),
        ([genre("a"), attrs.evolve(genre("b"), name="a")], "same name: a"),
        ([genre("a", parent="b")], "unknown parent"),
        ([genre("a"), genre("b", parent="a"), genre("c", parent="b")], "third level"),
        ([genre("a", parent="a")], "third level"),
        ([genre("a", parent="b"), genre("b", parent="a")], "third level"),
    ],
)
def test_what_is_no_tree_of_two_levels_is_refused(genres: list[Genre], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GenreTree(genres)


def test_a_tree_takes_any_iterable_in_any_order() -> None:
    tree = GenreTree(iter([genre("b", parent="a"), genre("a")]))

    assert tree.related(GenreId("a")) == {"a", "b"}


def test_a_tree_may_be_empty() -> None:
    assert GenreTree([]).genres == ()


def test_a_root_is_related_to_all_its_children() -> None:
    children = {each.id for each in CATALOGUE if each.parent_id == ELECTRONIC}

    assert TREE.related(ELECTRONIC) == {ELECTRONIC} | children


def test_a_child_is_related_to_its_parent_and_to_no_sibling() -> None:
    assert TREE.related(DEEP_HOUSE) == {DEEP_HOUSE, ELECTRONIC}


def test_an_unknown_genre_is_related_to_itself_only() -> None:
    unknown = GenreId("not-yet-read")

    assert TREE.related(unknown) == {unknown}
    assert TREE.match([unknown], [unknown])
    assert not TREE.match([unknown], [HOUSE])


def test_the_reach_of_genres_is_the_union_of_what_each_is_related_to() -> None:
    assert TREE.reach([DEEP_HOUSE, BEBOP]) == {DEEP_HOUSE, ELECTRONIC, BEBOP, JAZZ}
    assert TREE.reach([]) == frozenset()


@pytest.mark.parametrize(
    ("a", "b", "matched"),
    [
        ([HOUSE], [HOUSE], True),
        ([HOUSE], [ELECTRONIC], True),
        ([ELECTRONIC], [HOUSE], True),
        ([HOUSE], [DEEP_HOUSE], False),
        ([HOUSE], [JAZZ], False),
        ([HOUSE, BEBOP], [DEEP_HOUSE, JAZZ], True),
        ([], [HOUSE], False),
        ([HOUSE], [], False),
        ([], [], False),
    ],
)
def test_genres_match_themselves_their_parent_and_their_children(
    a: list[GenreId], b: list[GenreId], matched: bool
) -> None:
    assert TREE.match(a, b) is matched


@given(some_ids, some_ids)
def test_matching_agrees_with_its_definition_and_has_no_direction(
    a: frozenset[GenreId], b: frozenset[GenreId]
) -> None:
    parents = {each.id: each.parent_id for each in CATALOGUE}

    defined = any(x == y or parents[x] == y or parents[y] == x for x, y in product(a, b))

    assert TREE.match(a, b) is defined
    assert TREE.match(b, a) is defined


def test_required_slugs_become_ids_in_order_each_once() -> None:
    assert TREE.require(["house", "bebop", "house"]) == (HOUSE, BEBOP)
    assert TREE.require([]) == ()


def test_a_slug_that_no_genre_has_is_refused_by_name() -> None:
    with pytest.raises(UnknownGenre) as refusal:
        TREE.require(["house", "polka-core", "other"])

    assert refusal.value.slug == "polka-core"


def test_equal_trees_are_equal_whatever_was_asked_of_one() -> None:
    asked, fresh = GenreTree(CATALOGUE), GenreTree(CATALOGUE)
    asked.match([HOUSE], [JAZZ])

    assert asked == fresh
    assert hash(asked) == hash(fresh)
