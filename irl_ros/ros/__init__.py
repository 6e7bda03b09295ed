# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adapters between ROS 2 and the core: messages, parameters, QoS and process life cycle."""
