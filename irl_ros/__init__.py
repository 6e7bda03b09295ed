# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0

"""Learning from demonstration for robot arms: teach by hand, learn the cost, execute."""

__version__ = "0.1.0"
