# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments that compare methods: who is measured, where, how often, and what came of it."""
