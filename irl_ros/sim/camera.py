# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a simulated scene, drawn in software."""

from dataclasses import dataclass

import numpy as np
import pybullet
from jaxtyping import UInt8
from numpy import ndarray


@dataclass(frozen=True)
class Camera:
    """From where and how large a picture is taken.

    Attributes:
        width: Pixels.
        height: Pixels.
        target: Point in the middle of the picture, base frame, m.
        distance: From the camera to the target, m.
        yaw: Of the view about the vertical, deg.
        pitch: Of the view above the horizon, negative looks down, deg.
        field_of_view: Vertical opening angle, deg.
    """

    width: int = 960
    height: int = 640
    target: tuple[float, float, float] = (0.34, 0.0, 0.36)
    distance: float = 1.5
    yaw: float = 52.0
    pitch: float = -24.0
    field_of_view: float = 42.0


def take_picture(client: int, camera: Camera) -> UInt8[ndarray, "height width 3"]:
    """Draw what a PyBullet client holds; needs no graphics card and no window."""
    view = pybullet.computeViewMatrixFromYawPitchRoll(
        camera.target, camera.distance, camera.yaw, camera.pitch, 0.0, 2
    )
    projection = pybullet.computeProjectionMatrixFOV(
        camera.field_of_view, camera.width / camera.height, 0.05, 6.0
    )
    picture = pybullet.getCameraImage(
        camera.width,
        camera.height,
        view,
        projection,
        lightDirection=(0.6, 0.9, 1.8),
        lightDistance=2.5,
        lightAmbientCoeff=0.55,
        lightDiffuseCoeff=0.45,
        lightSpecularCoeff=0.12,
        shadow=1,
        renderer=pybullet.ER_TINY_RENDERER,
        physicsClientId=client,
    )
    pixels = np.asarray(picture[2], dtype=np.uint8)
    return pixels.reshape(camera.height, camera.width, 4)[:, :, :3].copy()
