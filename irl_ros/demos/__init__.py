# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded demonstrations: storage, quality and conversion to trajectories. No ROS."""
