# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A demonstration's folder remembers what is finished and refuses to mix results."""

import json
from pathlib import Path

import pytest

from irl_ros.cli.demo_folder import DemoFolder, locked
from irl_ros.cli.executions import Execution, load_executions, save_execution
from irl_ros.cli.options import DemoOptions
from irl_ros.core.errors import DataError, ParameterError
from irl_ros.core.trajectory import Outcome

OUTCOME = Outcome(
    success=True,
    reason="",
    broken=False,
    peak_force=3.5,
    slot_offset=0.001,
    height_offset=0.0,
    tilt=0.02,
)


def test_default_folder_names_what_differs() -> None:
    assert DemoOptions().folder(None) == Path("runs/demo-seed0")
    assert DemoOptions(seed=3, condition="mismatched").folder(None) == Path(
        "runs/demo-mismatched-seed3"
    )
    assert DemoOptions(arm="iiwa14").folder(None) == Path("runs/demo-iiwa14-seed0")
    assert DemoOptions().folder(Path("here")) == Path("here")


def test_options_say_what_is_allowed() -> None:
    with pytest.raises(ParameterError, match="choose one of panda, iiwa14"):
        DemoOptions(arm="ur5")


def test_finished_stages_are_remembered(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo", DemoOptions(seed=2))
    assert not folder.is_finished("record")
    folder.finish("record", 12.3456)
    again = DemoFolder(tmp_path / "demo", DemoOptions(seed=2))
    assert again.is_finished("record")
    assert again.wall_seconds == {"record": 12.346}
    assert DemoFolder(tmp_path / "demo").options == DemoOptions(seed=2)


def test_other_options_are_refused(tmp_path: Path) -> None:
    DemoFolder(tmp_path, DemoOptions(seed=2))
    with pytest.raises(DataError, match=r"seed = 2 then, 3 now.*--fresh"):
        DemoFolder(tmp_path, DemoOptions(seed=3))
    assert DemoFolder(tmp_path, DemoOptions(seed=3), fresh=True).options.seed == 3


def test_options_of_an_older_version_have_their_defaults(tmp_path: Path) -> None:
    DemoFolder(tmp_path, DemoOptions(seed=2))
    state = json.loads((tmp_path / "demo.json").read_text())
    del state["options"]["iterations"]
    (tmp_path / "demo.json").write_text(json.dumps(state))
    assert DemoFolder(tmp_path).options == DemoOptions(seed=2)
    with pytest.raises(DataError, match="iterations = 0 then, 3 now"):
        DemoFolder(tmp_path, DemoOptions(seed=2, iterations=3))


def test_fresh_removes_results_and_nothing_else(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path, DemoOptions())
    for path in (folder.dataset, folder.training, folder.executions, folder.logs):
        path.mkdir()
        (path / "file").write_text("x")
    folder.report.write_text("x")
    folder.finish("record", 1.0)
    (tmp_path / "notes.txt").write_text("mine")
    DemoFolder(tmp_path, DemoOptions(), fresh=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "notes.txt"]


def test_repeating_a_stage_forgets_the_later_ones(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path, DemoOptions())
    for stage, path in (("record", folder.dataset), ("train", folder.training)):
        path.mkdir()
        folder.finish(stage, 1.0)
    folder.prepare("record")
    assert not folder.is_finished("train")
    assert not folder.training.exists()
    assert not folder.dataset.exists()


def test_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path, DemoOptions())
    folder.training.mkdir()
    folder.prepare("train")
    assert folder.training.exists()


def test_time_of_interrupted_parts_counts_where_they_are_continued(tmp_path: Path) -> None:
    DemoFolder(tmp_path, DemoOptions()).interrupt("execute", 10.0)
    folder = DemoFolder(tmp_path, DemoOptions())
    folder.prepare("execute")
    folder.finish("execute", 5.0)
    assert folder.wall_seconds["execute"] == 15.0
    # Recording starts anew, so its time does too.
    folder.interrupt("record", 10.0)
    folder.prepare("record")
    folder.finish("record", 5.0)
    assert folder.wall_seconds == {"record": 5.0}


def test_a_folder_with_other_files_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DataError, match="choose another --output"):
        DemoFolder(tmp_path, DemoOptions())


def test_a_folder_without_demonstration_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"demo\.json"):
        DemoFolder(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"options": {"seed": "x"}, "wall_seconds": {}}',
        '{"options": {}, "wall_seconds": {"dance": 1.0}}',
        '{"options": {}, "wall_seconds": {"train": null}}',
    ],
)
def test_a_damaged_state_is_named_and_overcome(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content)
    with pytest.raises(DataError, match=r"demo\.json is damaged .*--fresh"):
        DemoFolder(tmp_path, DemoOptions())
    assert DemoFolder(tmp_path, DemoOptions(seed=5), fresh=True).wall_seconds == {}
    assert DemoFolder(tmp_path).options.seed == 5


def test_fresh_does_not_delete_what_no_demonstration_made(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    with pytest.raises(DataError, match="choose another --output"):
        DemoFolder(tmp_path, DemoOptions(), fresh=True)
    assert (tmp_path / "dataset").exists()


def test_a_folder_belongs_to_one_program_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "demo"
    with (
        locked(path),
        pytest.raises(DataError, match="another demonstration is running"),
        locked(path),
    ):
        pass
    with locked(path):
        assert list(path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be used"), locked(tmp_path / "file"):
        pass


def test_summary_is_json(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path, DemoOptions())
    folder.write_summary({"seed": 1})
    assert json.loads(folder.summary.read_text()) == {"seed": 1}


def test_executions_survive_a_round_trip(tmp_path: Path) -> None:
    execution = Execution(
        number=2,
        seed=1,
        outcome=OUTCOME,
        times=(0.0, 0.05),
        joint_positions=((0.1,) * 7, (0.2,) * 7),
        reward_times=(0.0,),
        rewards=(-1.5,),
    )
    assert load_executions(tmp_path / "none") == ()
    save_execution(tmp_path, execution)
    assert load_executions(tmp_path) == (execution,)


def test_a_damaged_execution_is_named(tmp_path: Path) -> None:
    (tmp_path / "execution_001.json").write_text('{"number": 1}')
    with pytest.raises(DataError, match=r"execution_001\.json is damaged"):
        load_executions(tmp_path)
