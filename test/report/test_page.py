# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report is complete, self-contained and correct where numbers can be checked."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irl_ros.core.errors import DataError
from irl_ros.core.task import DishTask
from irl_ros.core.trajectory import Outcome
from irl_ros.report.data import Rack, ReportData, RewardMap, RewardTrace, ToolPath
from irl_ros.report.page import render_page, write_page
from irl_ros.report.proportion import wilson_interval

TASK = DishTask()


def make_rack() -> Rack:
    slots = [TASK.target_pose(slot).position for slot in range(TASK.rack.slots)]
    return Rack(np.stack(slots), TASK.held_out_slot)


def make_path(slot: int, seed: int, success: bool = True) -> ToolPath:
    rng = np.random.default_rng(seed)
    phase = np.linspace(0.0, 1.0, 250)[:, None]
    end = TASK.target_pose(slot).position
    above = end + np.array([-0.1, 0.0, 0.25])
    wiggle = 0.01 * rng.standard_normal(3) * np.sin(np.pi * phase)
    return ToolPath(5.0 * phase[:, 0], above + phase**2 * (end - above) + wiggle, success, slot)


def make_outcome(success: bool, broken: bool = False) -> Outcome:
    return Outcome(
        success=success,
        reason="" if success else "not upright <script>",
        broken=broken,
        peak_force=12.3,
        slot_offset=-0.0021,
        height_offset=float("nan") if broken else 0.0004,
        tilt=0.05,
    )


def make_data() -> ReportData:
    along, heights = np.linspace(-0.2, 0.25, 31), np.linspace(0.0, 0.3, 21)
    rewards = -(along[None, :] ** 2 + heights[:, None] ** 2)
    times = np.linspace(0.0, 5.0, 100)
    return ReportData(
        title="A plate into a slot it was never shown",
        facts={"arm": "panda", "seed": "0"},
        rack=make_rack(),
        evaluations=tuple(make_outcome(i != 3, broken=i == 3) for i in range(20)),
        demonstrations=tuple(make_path(slot, slot) for slot in (0, 1, 9)),
        executions=(make_path(4, 20), make_path(4, 21, success=False)),
        curves={
            "success_rate": (0.1, 0.9, 1.0),
            "sample_cost": (90.0, float("nan"), 10.0),
            "kl": (1.0, 2.0, 3.0),
        },
        rewards=(RewardTrace("a demonstration", times, -np.exp(-times)),),
        reward_map=RewardMap(along, heights, rewards),
        scene=np.full((8, 12, 3), 128, dtype=np.uint8),
        wall_seconds={"record": 100.0, "train": 40.25},
        configuration={"learning": {"cost.hidden": [64]}},
        versions={"irl_ros": "0.1.0"},
        reproduce="make demo SEED=0",
    )


class _Collector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_page_needs_nothing_beside_itself() -> None:
    html = render_page(make_data())
    page = _Collector()
    page.feed(html)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object"}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name) or ""
            assert not value or value.startswith(("data:", "#")), f"{tag} loads {value}"
    assert "@import" not in html
    for target in re.findall(r"url\(([^)]*)\)", html):
        assert target.strip("'\"").startswith("#")


def test_page_shows_the_result_with_its_interval() -> None:
    text = re.sub(r"\s+", " ", render_page(make_data()).replace("&nbsp;", " "))
    assert '<p class="number">19<span> of 20</span></p>' in text
    assert "Success rate 95 %, 95 % interval (Wilson) 76 to 99 %. 1 plate broken." in text
    assert "make demo SEED=0" in text
    assert "140.2 s" in text  # 100 + 40.25, rounded half to even


def test_page_escapes_what_it_is_given() -> None:
    html = render_page(make_data())
    assert "<script>" not in html
    assert "not upright &lt;script&gt;" in html


def test_figures_are_well_formed_and_take_the_colours_of_the_page() -> None:
    html = render_page(make_data())
    drawings = re.findall(r"<svg .*?</svg>", html, flags=re.DOTALL)
    assert len(drawings) == 4
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
        assert "width" not in root.attrib
        assert "currentColor" in drawing
    assert "var(--demonstration)" in drawings[0]
    assert "var(--failure)" in drawings[0]


def test_page_of_little_data_leaves_the_rest_out() -> None:
    html = render_page(ReportData(title="t", facts={}, rack=make_rack()))
    assert "<svg" not in html
    assert "Wilson" not in html


def test_write_page_leaves_no_part(tmp_path: Path) -> None:
    write_page(make_data(), tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_rack_coordinates_point_along_away_and_up() -> None:
    rack = make_rack()
    slots = rack.rack_coordinates(rack.slot_positions)
    expected = (np.arange(10) - TASK.held_out_slot) * TASK.rack.pitch
    np.testing.assert_allclose(slots[:, 0], expected, atol=1e-12)
    np.testing.assert_allclose(slots[:, 1:], 0.0, atol=1e-12)
    above = rack.rack_coordinates(rack.slot_positions[4] + np.array([0.0, 0.0, 0.1]))
    np.testing.assert_allclose(above, [0.0, 0.0, 0.1], atol=1e-12)


def test_tool_path_refuses_broken_data() -> None:
    with pytest.raises(DataError, match="2 times for 3 points"):
        ToolPath(np.zeros(2), np.zeros((3, 3)), True, 0)
    with pytest.raises(DataError, match="not finite"):
        ToolPath(np.zeros(2), np.full((2, 3), np.nan), True, 0)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_matches_published_values(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_rate_and_mirrors(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    assert 0.0 <= low <= successes / trials <= high <= 1.0
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 2), (0, 0)])
def test_wilson_interval_refuses_impossible_counts(successes: int, trials: int) -> None:
    with pytest.raises(DataError, match=f"{successes} successes in {trials} trials"):
        wilson_interval(successes, trials)
