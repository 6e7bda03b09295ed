# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the recorder says about itself."""

from dataclasses import dataclass
from typing import Literal

from irl_ros.demos.message_types import Target
from irl_ros.demos.quality import QualityFigures

Phase = Literal["idle", "recording", "saved"]


@dataclass(frozen=True)
class RecorderStatus:
    """What the recorder is doing.

    Attributes:
        phase: Where it is in its cycle.
        take_id: Take being recorded, or saved last; 0 if none.
        kept: Number of takes in the dataset.
        problem: Why no take could begin now; empty if one could.
        silence: Time since the last joint state, s.
        rate: Rate of the joint states, Hz.
        figures: The take being recorded, or the last one, in numbers.
        last_finding: What was noticed last about it, empty if nothing.
        target: Where the task is to be done, None if unknown.
    """

    phase: Phase
    take_id: int
    kept: int
    problem: str
    silence: float
    rate: float
    figures: QualityFigures
    last_finding: str
    target: Target | None

    @property
    def remark(self) -> str:
        """What a person should know now, empty if all is well."""
        return self.problem or self.last_finding

    @property
    def values(self) -> dict[str, str | float | int | bool]:
        """Everything in plain values, as a status message shows it."""
        figures = self.figures
        return {
            "phase": self.phase,
            "ready": self.phase != "recording" and not self.problem,
            "take": self.take_id,
            "takes_kept": self.kept,
            "rate_hz": self.rate,
            "silence_s": self.silence,
            "duration_s": figures.duration,
            "messages": figures.messages,
            "bad_messages": figures.bad_messages,
            "gaps": figures.gaps,
            "longest_gap_s": figures.longest_gap,
            "stalls": figures.stalls,
            "jumps": figures.jumps,
            "saturated": figures.saturated,
            "target_known": self.target is not None,
            "warning": self.last_finding,
        }
