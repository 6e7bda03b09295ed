# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables say what the results say, and the docs say what the tables say."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from results_double import measured, result

from irl_ros.benchmark import figures
from irl_ros.benchmark.cell import Cell
from irl_ros.benchmark.figures import write_figures
from irl_ros.benchmark.page import BEGIN, END, measured_part, write_measured_part, written_part
from irl_ros.benchmark.results import ResultsFile
from irl_ros.benchmark.scenario import PLACES, REGIONS, Scenario, places
from irl_ros.benchmark.selection import (
    FEW_ROLLOUTS,
    by_method_and_scenario,
    cells_of,
    outdated,
    published,
    published_regions,
)
from irl_ros.benchmark.tables import (
    comparison_table,
    details_table,
    seeds_table,
    success_table,
)
from irl_ros.core.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


def test_one_row_for_each_method_and_one_column_for_each_condition() -> None:
    results = [result(seed=seed, mean="1" * 19 + "0") for seed in range(2)]
    results += [result("bc", condition="cold", mean="0" * 20)]
    table = success_table(by_method_and_scenario(results), "method")
    assert table.splitlines() == [
        "| method | matched | cold |",
        "| --- | --- | --- |",
        "| gcl | 95 % (83 to 99) |  |",
        "| bc |  | 0 % (0 to 16, 1 seeds) |",
    ]


def test_rounding_claims_no_certainty() -> None:
    results = [result(seed=seed, mean="1" * 20) for seed in range(49)]
    results.append(result(seed=49, mean="1" * 19 + "0"))
    assert "| 99 % (" in success_table(by_method_and_scenario(results), "method")


def test_differences_are_those_of_common_seeds() -> None:
    results = [result(seed=seed) for seed in range(10)]
    results += [result("bc", seed=seed, mean="0" * 20) for seed in range(9)]
    table = comparison_table(by_method_and_scenario(results), "gcl")
    assert table.splitlines()[2] == "| bc | +100 % (p = 0.004, n = 9) |"


def test_details_name_the_reasons() -> None:
    watched = result(mean="1110", drops=(0.05, 0.0, 0.0, 0.0))
    for measured_as, dropped in ((watched, "33 %"), (result(mean="1110"), "")):
        line = details_table(by_method_and_scenario([measured_as])).splitlines()[2]
        assert line == (
            "| gcl | matched | 0 of 1 (0 to 79 %) | 75 % | 75 % | 29 (1 of 1 seeds) "
            f"| 10 (95 %: 10) | {dropped} | 20 | broken 1 |"
        )


def test_seeds_are_counted_for_a_new_demonstrator() -> None:
    results = [result(seed=seed) for seed in range(9)]
    results += [result(seed=9, mean="0" * 20), result("bc", mean="1" * 18 + "00")]
    table = seeds_table(by_method_and_scenario(results), "method")
    assert table.splitlines()[2:] == [
        "| gcl | 9 of 10 (60 to 98 %) |",
        "| bc | 1 of 1 (21 to 100 %) |",
    ]


def test_methods_without_regularisers_are_compared_with_each_other() -> None:
    results = [result(seed=seed) for seed in range(100, 105)]
    results += [result("relent_plain", seed=seed, mean="0" * 20) for seed in range(100, 105)]
    assert "no_regularisers against" not in measured_part(results, {})
    results += [result("no_regularisers", seed=seed) for seed in range(100, 105)]
    _, _, pair = measured_part(results, {}).partition("| no_regularisers against | matched |")
    assert pair.splitlines()[2] == "| relent_plain | +100 % (p = 0.062, n = 5) |"


def test_fresh_seeds_have_a_table_of_their_own() -> None:
    usual = [result(seed=seed) for seed in (100, 101)]
    fresh = [result(seed=seed, mean="0" * 20) for seed in (200, 201, 202)]
    fresh += [result(seed=200, rollouts=40), result(seed=200, slot=3), result("relent", seed=220)]
    before, heading, after = measured_part([*usual, *fresh], {}).partition("Fresh seeds")
    assert heading
    assert "6 cells, seeds 100 to 109 and 200 to 219" in before
    assert "| gcl | 100 % (91 to 100) |" in before
    assert after.split("#### ")[0].splitlines()[4:6] == [
        "| gcl | 0 % (0 to 6) |",
        "| gcl, 40 rollouts | 100 % (84 to 100, 1 seeds) |",
    ]
    alone = measured_part(usual, {})
    assert "Fresh seeds" not in alone
    assert before.splitlines()[1:-2] == alone.splitlines()[1:]


@pytest.mark.parametrize(
    ("changed", "kind"), [("no_mono", "Ablations"), ("ten_at_once", "Variants")]
)
def test_changes_of_gcl_with_few_rollouts_have_a_table_of_their_own(
    changed: str, kind: str
) -> None:
    seeds = (100, 101)
    results = [result(seed=seed, rollouts=40) for seed in seeds]
    results += [result(changed, seed=seed, rollouts=40, mean="0" * 20) for seed in seeds]
    before, heading, after = measured_part(results, {}).partition(f"{kind} with 40 rollouts")
    assert heading
    assert before.startswith("4 cells, ")
    assert f"| {changed} | 0 % (0 to 9) |" in after
    assert f"| {changed} | +100 % (p = 0.500, n = 2) |" in after


def test_others_stand_below_gcl_on_the_same_seeds() -> None:
    results = [result(seed=seed) for seed in range(101, 110)]
    results += [result(seed=seed, condition="cold") for seed in range(100, 110)]
    results += [result(seed=100, mean="0" * 20)]
    results += [result("maxent", seed=seed, mean="1" * 10 + "0" * 10) for seed in (100, 101)]
    _, _, after = measured_part(results, {}).partition("the trainer learns with")
    lines = [line for line in after.split("#### ")[0].splitlines() if line]
    assert lines == [
        "| algorithm | matched |",
        "| --- | --- |",
        "| gcl | 50 % (35 to 65) |",
        "| maxent | 50 % (35 to 65) |",
        "| gcl against | matched |",
        "| --- | --- |",
        "| maxent | +0 % (p = 1.000, n = 2) |",
    ]


def test_places_are_pooled_for_seeds_that_were_at_all_of_them() -> None:
    assert sorted(name for names in REGIONS.values() for name in names) == sorted(PLACES)
    like = Cell("gcl", Scenario("matched"), 0)
    cells = cells_of(["reoptimised", "fitted"], places("mismatched"), [100, 101, 102], like)
    results = [
        measured(cell, mean=("1" if cell.method == "reoptimised" else "0") * 20)
        for cell in cells
        if (cell.method, cell.seed, cell.scenario.slot) != ("fitted", 102, 9)
    ]
    table = published_regions(results)
    assert success_table(table, "method").splitlines()[2:] == [
        "| reoptimised | 100 % (99 to 100) | 100 % (98 to 100) | 100 % (99 to 100) |",
        "| fitted | 0 % (0 to 1, 2 seeds) | 0 % (0 to 2) | 0 % (0 to 1) |",
    ]
    assert comparison_table(table, "reoptimised").splitlines()[2] == (
        "| fitted | +100 % (p = 0.500, n = 2) | +100 % (p = 0.250, n = 3) "
        "| +100 % (p = 0.250, n = 3) |"
    )


def test_a_run_that_breaks_down_goes_on_failing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {}
    monkeypatch.setattr(figures, "learning_figure", lambda curves: drawn.update(curves))
    monkeypatch.setattr(figures, "save_svg", lambda figure, path: None)
    results = [result(seed=100, training="1" * 90), result(seed=101, training="1" * 30)]
    write_figures(results, Path())
    curves = drawn["gcl", "matched"]
    assert curves.shape == (2, 90)
    assert curves.mean(axis=0).tolist() == [1.0] * 30 + [0.5] * 60


def test_every_budget_is_counted() -> None:
    results = [result(seed=100), result(seed=100, rollouts=40)]
    assert measured_part(results, {"cores": "2"}).startswith("2 cells, seeds 100 to 109, measured")


def test_free_changes_and_other_seeds_are_not_published() -> None:
    results = [
        result(seed=100),
        result(seed=99),
        result(seed=100, change={"rack_yaw": 0.1}),
        result(seed=100, rollouts=40),
        result(seed=100, slot=3),
        result(seed=100, arm="iiwa14"),
    ]
    table = published(results, "method")
    assert [len(cells) for cells in table.values()] == [1]


def test_results_of_old_settings_are_noticed() -> None:
    like = Cell("gcl", Scenario("cold", 7), 100)
    assert outdated([measured(like), result("bc"), result("bc", seed=3)]) == 1


def test_everything_that_was_measured_is_drawn_and_written(tmp_path: Path) -> None:
    like = Cell("gcl", Scenario("matched"), 0)
    here = [Scenario("matched"), Scenario("cold")]
    cells = cells_of(["gcl", "bc", "no_lcr"], here, [100, 101], like)
    few = replace(like, rollouts=FEW_ROLLOUTS)
    cells += cells_of(["gcl", "no_lcr"], here, [100, 101], few)
    cells += cells_of(["reoptimised", "fitted"], places("cold"), [100, 101], like)
    results = [measured(cell) for cell in cells]
    text = measured_part(results, {"cores": "2"})
    pictures = write_figures(results, tmp_path / "images")
    linked = re.findall(r"\(images/(.*?)\)", text)
    assert sorted(linked) == sorted(picture.name for picture in pictures)
    assert len(linked) == 4
    assert "rack moved and turned" in text
    assert "| place | cold | cold, fitted |" in text
    again = write_figures(results, tmp_path / "again")
    assert [each.read_bytes() for each in again] == [each.read_bytes() for each in pictures]
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n")
    write_measured_part(page, text)
    write_measured_part(page, text)
    assert written_part(page) == text
    assert page.read_text().startswith("# Before")
    assert page.read_text().endswith("After\n")


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(DataError, match="once each"):
        write_measured_part(page, "text")


def test_the_docs_say_what_was_measured() -> None:
    file = ResultsFile(ROOT / "benchmarks/results/dish.json")
    page = ROOT / "docs/experiments.md"
    assert written_part(page) == measured_part(file.load(), file.machine()), (
        "docs/experiments.md is old; run: irl-ros bench dish --report"
    )
    for picture in re.findall(r"\((images/dish-.*?)\)", written_part(page)):
        assert (page.parent / picture).exists()
