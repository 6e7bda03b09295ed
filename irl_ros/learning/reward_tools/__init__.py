# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a learned cost means: shaping, canonical forms, distances, value differences."""
