# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Algorithms that learn costs and policies from trajectories."""
