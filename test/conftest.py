# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the whole test run: shapes are checked, torch stays on one thread."""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

from jaxtyping import install_import_hook

# Must precede the first import of irl_ros: modules imported before it stay unchecked.
sys.path.insert(0, os.path.dirname(__file__))
install_import_hook("irl_ros", "shape_checks.check")

import hypothesis  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)
hypothesis.settings.register_profile("irl_ros", deadline=None, derandomize=True)
hypothesis.settings.load_profile("irl_ros")
