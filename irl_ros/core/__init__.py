# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every layer shares: records, kinematics, task and safety rules; no ROS, no simulator."""
