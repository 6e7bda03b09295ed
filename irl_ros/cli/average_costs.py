# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command `irl-ros average-costs`."""

from collections.abc import Sequence
from pathlib import Path

from irl_ros.core.contract import ExecutionContract
from irl_ros.core.errors import DataError
from irl_ros.core.files import write_atomically
from irl_ros.learning.artifacts import cost_to_bytes, load_cost
from irl_ros.learning.cost_average import average_cost


def write_average(output: Path, costs: Sequence[Path]) -> None:
    """Store the mean of saved costs, with the conditions under which they were learned.

    Args:
        output: The file that is written.
        costs: Run folders or cost files.

    Raises:
        DataError: If the output exists already or cannot be written, a file cannot be used, or
            the costs do not belong together.
    """
    if output.exists():
        raise DataError(f"{output} exists already; name a new file for the mean")
    members, metadata = zip(*(load_cost(path) for path in costs), strict=True)
    contracts = [ExecutionContract.from_metadata(one).to_metadata() for one in metadata]
    for path, contract in zip(costs, contracts, strict=True):
        for name, value in contract.items():
            if value != contracts[0][name]:
                raise DataError(
                    f"{path} was learned with {name} = {value}, {costs[0]} with "
                    f"{contracts[0][name]}; give runs that differ in their seed alone"
                )
    mean = cost_to_bytes(average_cost(members), contracts[0])
    try:
        write_atomically(output, mean)
    except OSError as error:
        raise DataError(
            f"{output} cannot be written ({error.strerror}); name a file in a folder of yours"
        ) from error
