# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imitation by telling demonstrated from tried: GAIL and AIRL."""
