# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Families of finite problems on which algorithms are proven."""
