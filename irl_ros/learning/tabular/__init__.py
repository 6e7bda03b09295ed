# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Inverse reinforcement learning with countable states and actions and known dynamics."""
