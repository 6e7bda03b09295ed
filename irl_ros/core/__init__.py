# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What every layer shares: records, kinematics, the task and the safety rules. No ROS, no simulator."""
