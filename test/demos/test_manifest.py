# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The manifest: round trips, versions, damage."""

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.core.errors import DataError
from irl_ros.core.pose import Pose
from irl_ros.demos.manifest import (
    MANIFEST,
    SCHEMA_VERSION,
    Label,
    Manifest,
    Take,
    TakeStatus,
    load_manifest,
    manifest_text,
    parse_manifest,
    save_manifest,
)
from irl_ros.demos.message_types import Target
from irl_ros.demos.quality import Finding, QualityFigures, QualityReport

finite = st.floats(-1e6, 1e6)
texts = st.text(max_size=20)


# Records are made inside the tests: the run-time type checks draw random numbers, which a
# strategy must not.
def values(cls: type, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = {field.name: field.type for field in dataclasses.fields(cls)}
    basic = {int: st.integers(0, 2**62), float: finite, str: texts, bool: st.booleans()}
    chosen = {name: given[name] if name in given else basic[kind] for name, kind in kinds.items()}
    return st.fixed_dictionaries(chosen)


target_values = st.tuples(finite, finite, finite, st.floats(0, 1), texts)
take_values = values(
    Take,
    id=st.integers(1, 10**6),
    status=st.sampled_from(get_args(TakeStatus)),
    label=st.sampled_from(get_args(Label)),
    grade=st.none() | st.floats(0, 1),
    target=st.none() | target_values,
    report=st.tuples(values(QualityFigures), st.lists(values(Finding), max_size=3)),
)
manifest_values = values(
    Manifest,
    joint_names=st.lists(texts, max_size=8).map(tuple),
    takes=st.lists(take_values, max_size=4, unique_by=lambda take: take["id"]),
)


def make_target(drawn: tuple[float, float, float, float, str]) -> Target:
    x, y, z, turn, frame = drawn
    return Target(Pose(np.array([x, y, z]), np.array([0, 0, np.sin(turn), np.cos(turn)])), frame)


def make_take(drawn: dict[str, Any]) -> Take:
    figures, findings = drawn["report"]
    report = QualityReport(QualityFigures(**figures), tuple(Finding(**f) for f in findings))
    target = None if drawn["target"] is None else make_target(drawn["target"])
    return Take(**(drawn | {"report": report, "target": target}))


def make_manifest(drawn: dict[str, Any]) -> Manifest:
    takes = sorted((make_take(take) for take in drawn["takes"]), key=lambda take: take.id)
    return Manifest(**(drawn | {"takes": tuple(takes)}))


@given(drawn=manifest_values)
def test_any_manifest_round_trips(drawn: dict[str, Any]) -> None:
    manifest = make_manifest(drawn)
    assert parse_manifest(manifest_text(manifest)) == manifest


def test_a_saved_manifest_is_the_only_file_left(tmp_path: Path) -> None:
    manifest = Manifest("panda", ("a", "b"), "dish_rack", 120.0)
    save_manifest(tmp_path, Manifest("panda", (), "other"))
    save_manifest(tmp_path, manifest)
    assert load_manifest(tmp_path) == manifest
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


@given(drawn=manifest_values, other=take_values)
def test_adding_a_take_replaces_only_its_own_entry(
    drawn: dict[str, Any], other: dict[str, Any]
) -> None:
    manifest, take = make_manifest(drawn), make_take(other)
    changed = manifest.with_take(take)
    assert changed.find(take.id) == take
    assert [t for t in changed.takes if t.id != take.id] == [
        t for t in manifest.takes if t.id != take.id
    ]
    assert [t.id for t in changed.takes] == sorted(t.id for t in changed.takes)
    assert changed.next_id > take.id


def document(**changes: Any) -> str:
    entry = {
        "schema_version": SCHEMA_VERSION,
        "arm": "panda",
        "joint_names": ["a"],
        "task": "dish_rack",
        "rate_hz": 120.0,
        "takes": [],
    }
    return json.dumps(
        {key: value for key, value in (entry | changes).items() if value != "absent"}
    )


def take_entry(folder: Path, **changes: Any) -> dict[str, Any]:
    report = QualityReport(QualityFigures(), ())
    take = Take(1, "kept", "success", None, 0, "f", 0, "s", None, report)
    save_manifest(folder, Manifest("panda", ("a",), "dish_rack", 0.0, (take,)))
    entry: dict[str, Any] = json.loads((folder / MANIFEST).read_text())["takes"][0]
    return entry | changes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (document(schema_version=SCHEMA_VERSION + 1), "knows up to 1; update irl_ros"),
        (document(schema_version="absent"), "no schema_version"),
        (document(schema_version="1"), "no schema_version"),
        (document(arm="absent"), "damaged .*'arm'"),
        (document(joint_names=[1]), "damaged .*1 is not a text"),
        (document(takes=[{}]), "damaged .*'id'"),
        (document(takes=3), "damaged"),
        ("[]", "no schema_version"),
        ("{", "no JSON"),
        ("", "no JSON"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_said(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(DataError, match=told):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "lost"}, "status = 'lost'; give one of kept, undone"),
        ({"label": "great"}, "label = 'great'; give one of unlabelled"),
        ({"grade": 2.0}, "grade = 2.0; give 0 to 1"),
        (
            {"target": {"frame": "b", "position": [0, 0], "quaternion_xyzw": [0, 0, 0, 1]}},
            "damaged",
        ),
        ({"figures": {"rate": "fast"}}, "damaged .*fast"),
    ],
)
def test_a_take_entry_that_cannot_be_used_is_said(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    entry = take_entry(tmp_path, **changes)
    (tmp_path / MANIFEST).write_text(document(takes=[entry]))
    with pytest.raises(DataError, match=told):
        load_manifest(tmp_path)


def test_a_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not exist; give the folder of a recorded dataset"):
        load_manifest(tmp_path)


def test_an_unknown_take_is_said() -> None:
    with pytest.raises(DataError, match="no take 7; there are: none"):
        Manifest("panda", (), "dish_rack").find(7)
