# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Figures and the one-page report of a run."""
