# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The quality-of-service profiles of every topic, each chosen once.

A best-effort subscription matches every publisher; a reliable one misses best-effort publishers.
"""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def newest_state() -> QoSProfile:
    """Return the profile to control from joint states: best effort, only the newest one.

    With a depth of one a late reader sees the newest state instead of the oldest of a queue.
    """
    return _keep_last(1, ReliabilityPolicy.BEST_EFFORT)


def every_state(depth: int = 200) -> QoSProfile:
    """Return the profile to record joint states: best effort, a queue that outlasts a stall.

    Args:
        depth: Messages kept while the reader is busy: rate times the longest stall in s.
    """
    return _keep_last(depth, ReliabilityPolicy.BEST_EFFORT)


def state_publisher() -> QoSProfile:
    """Return the profile to publish joint states: reliable, as ros2_control does."""
    return _keep_last(10, ReliabilityPolicy.RELIABLE)


def command() -> QoSProfile:
    """Return the profile of command topics: reliable, only the newest one."""
    return _keep_last(1, ReliabilityPolicy.RELIABLE)


def latched() -> QoSProfile:
    """Return the profile of values that late subscribers must still get, such as a status."""
    return _keep_last(1, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)


def history(depth: int = 1000) -> QoSProfile:
    """Return the profile of events that late subscribers may ask for, too: all are kept."""
    return _keep_last(depth, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)


def event(depth: int = 10) -> QoSProfile:
    """Return the profile of events and slow streams that should all arrive: reliable."""
    return _keep_last(depth, ReliabilityPolicy.RELIABLE)


def clock() -> QoSProfile:
    """Return the profile of /clock: best effort, only the newest one."""
    return _keep_last(1, ReliabilityPolicy.BEST_EFFORT)


def _keep_last(
    depth: int,
    reliability: ReliabilityPolicy,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=durability,
    )
