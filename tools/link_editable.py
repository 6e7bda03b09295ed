# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Link into a virtual environment what an editable pip install leaves out.

`pip install --editable` installs neither data files nor anything outside ``bin/``, so ROS finds
neither the package nor its executables. This links every data file that setup.py declares (index
marker, package.xml, launch, config, urdf, ``lib/irl_ros``) to the file in the source tree. It runs
with the environment's own Python and may be repeated; links to files that are gone are removed.
"""

import os
import sys
from distutils.core import run_setup
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
PACKAGE = "irl_ros"


def link_data_files(prefix: Path) -> int:
    """Link the declared data files below ``prefix``.

    Args:
        prefix: Root of the virtual environment.

    Returns:
        Number of links.
    """
    for folder in (prefix / "share" / PACKAGE, prefix / "lib" / PACKAGE):
        for old in folder.rglob("*"):
            if old.is_symlink():
                old.unlink()
    count = 0
    for folder, files in run_setup("setup.py", stop_after="init").data_files:
        target = prefix / folder
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            link = target / Path(file).name
            link.unlink(missing_ok=True)
            link.symlink_to(SOURCE / file)
            count += 1
    return count


if __name__ == "__main__":
    os.chdir(SOURCE)
    print(f"  linked {link_data_files(Path(sys.prefix))} data files into {sys.prefix}")
