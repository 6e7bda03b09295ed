# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The run-time type checker of the tests: an int may stand for a float, as PEP 484 says."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
