# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `irl-ros demo` can be told."""

from dataclasses import dataclass
from pathlib import Path

from irl_ros.core.parameters import Parameters, describe, parameter


@dataclass(frozen=True)
class DemoOptions(Parameters):
    """The demonstration: which arm, which condition, how many executions."""

    seed: int = parameter(0, low=0, high=2**31 - 1, doc="All randomness follows from it")
    arm: str = parameter("panda", choices=("panda", "iiwa14"), doc="Arm to simulate")
    condition: str = parameter(
        "matched",
        choices=("matched", "shifted", "biased", "mismatched"),
        doc="What differs between teaching and execution",
    )
    evaluations: int = parameter(
        20, low=1, high=1000, doc="Executions of the learned policy at the held-out slot"
    )
    preset: str = parameter(
        "default", choices=("default", "paper"), doc="Configuration of Guided Cost Learning"
    )
    slots: tuple[int, ...] = parameter(
        (), low=0, high=9, doc="Slots to teach, one take each; empty: as the task says"
    )
    iterations: int = parameter(
        0, low=0, high=10000, doc="Iterations of learning; 0: as the preset says"
    )
    speed: float = parameter(
        1.0,
        low=0.1,
        high=4.0,
        doc="Speed of the simulated arm's clock while teaching and executing; 1 is real time",
    )

    @property
    def folder_name(self) -> str:
        """Name of the folder for the results, one for each arm, condition and seed."""
        arm = "" if self.arm == "panda" else f"{self.arm}-"
        condition = "" if self.condition == "matched" else f"{self.condition}-"
        return f"demo-{arm}{condition}seed{self.seed}"

    def folder(self, output: Path | None) -> Path:
        """Return the folder for the results."""
        return output if output is not None else Path("runs") / self.folder_name


def doc(name: str) -> str:
    """Return what an option means, as its help text."""
    info = next(info for info in describe(DemoOptions) if info.name == name)
    return f"{info.doc}: {', '.join(info.choices)}." if info.choices else f"{info.doc}."
