# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one-page report: a single HTML file that needs nothing beside itself."""

import base64
import io
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
import matplotlib.image
import numpy as np
from markupsafe import Markup

from irl_ros.core.files import write_atomically
from irl_ros.report.data import ReportData
from irl_ros.report.drawing import inline_svg
from irl_ros.report.learning_figures import learning_figure
from irl_ros.report.path_figures import paths_figure
from irl_ros.report.proportion import wilson_interval
from irl_ros.report.reward_figures import reward_map_figure, reward_traces_figure


@dataclass(frozen=True)
class _Score:
    successes: int
    trials: int
    broken: int
    low: float
    high: float


@dataclass(frozen=True)
class _Figure:
    title: str
    svg: str
    caption: str


def render_page(data: ReportData) -> str:
    """Return the report as HTML; all pictures and styles are inside it."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "millimetres": lambda metres: _fixed(1e3 * metres, 1),
        "degrees": lambda radians: _fixed(math.degrees(radians), 1),
        "fixed": _fixed,
    }
    folder = resources.files("irl_ros.report")
    template = environment.from_string(folder.joinpath("page.html").read_text("utf-8"))
    return template.render(
        data=data,
        style=Markup(folder.joinpath("page.css").read_text("utf-8")),
        score=_score(data),
        scene=None if data.scene is None else _png(data.scene),
        figures=_figures(data),
    )


def write_page(data: ReportData, path: Path) -> None:
    """Write the report; an existing one is replaced only once the new one is complete."""
    write_atomically(path, render_page(data))


def _fixed(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "\N{EN DASH}"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text.replace("-", "\N{MINUS SIGN}")


def _score(data: ReportData) -> _Score | None:
    if not data.evaluations:
        return None
    trials = len(data.evaluations)
    successes = sum(outcome.success for outcome in data.evaluations)
    broken = sum(outcome.broken for outcome in data.evaluations)
    return _Score(successes, trials, broken, *wilson_interval(successes, trials))


def _png(picture: np.ndarray) -> str:
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.asarray(picture, dtype=np.uint8), format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _figures(data: ReportData) -> list[_Figure]:
    figures = []
    if data.demonstrations or data.executions:
        figures.append(
            _Figure(
                "Paths of the plate",
                inline_svg(
                    paths_figure(data.rack, data.demonstrations, data.executions),
                    "Demonstrated and executed paths of the plate's centre above the rack",
                ),
                f"Centre of the plate during {len(data.demonstrations)} demonstrations and "
                f"{len(data.executions)} executions, measured by the joint encoders. Zero is the "
                f"place of a plate that stands in slot {data.rack.held_out_slot}.",
            )
        )
    if data.curves:
        figures.append(
            _Figure(
                "Learning",
                inline_svg(learning_figure(data.curves), "Learning diagnostics by iteration"),
                "One point for each iteration of Guided Cost Learning. Costs are those of the "
                "cost learned by then, so they may rise while the policy improves.",
            )
        )
    if data.rewards:
        figures.append(
            _Figure(
                "Learned reward over time",
                inline_svg(reward_traces_figure(data.rewards), "Learned reward over time"),
                "The learned reward, minus the learned cost of state and action, as the topic "
                "learned_reward carries it.",
            )
        )
    if data.reward_map is not None:
        figures.append(
            _Figure(
                "Learned reward over the rack",
                inline_svg(
                    reward_map_figure(data.rack, data.reward_map),
                    "Heat map of the learned reward in the upright plane through the slots",
                ),
                "Learned reward of holding the plate still and upright at each place of the plane "
                "through the slots. Colour shows the rank, the lines give values.",
            )
        )
    return figures
