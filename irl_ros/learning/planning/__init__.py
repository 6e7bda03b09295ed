# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Execution of a learned cost without a learned policy: models, planning, soft Q-learning."""
