# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 executables: they wire parameters, topics and services to the layers below."""
