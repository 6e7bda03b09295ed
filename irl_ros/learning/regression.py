# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time-varying linear regression with a prior, shared by dynamics and demonstration fits."""

import torch
from jaxtyping import Float
from torch import Tensor


def window_moments(
    inputs: Float[Tensor, "M T z"], outputs: Float[Tensor, "M T y"], half_width: int
) -> tuple[Float[Tensor, "T z+y"], Float[Tensor, "T z+y z+y"], Float[Tensor, " T"]]:
    """Return mean, covariance and sample count of (input, output) around every step.

    Each step uses its own samples and those of ``half_width`` steps on either side, every step's
    samples taken relative to that step's mean so that the mean's own motion is not seen as spread.

    Args:
        inputs: Regressors.
        outputs: What is predicted from them.
        half_width: Steps on either side that lend their samples.
    """
    joint = torch.cat([inputs, outputs], dim=-1)
    count, steps, _ = joint.shape
    means = joint.mean(dim=0)
    centred = joint - means
    scatter = torch.einsum("mti,mtj->tij", centred, centred)
    total = scatter.clone()
    members = torch.full((steps,), float(count), dtype=joint.dtype)
    for shift in range(1, half_width + 1):
        total[shift:] += scatter[:-shift]
        total[:-shift] += scatter[shift:]
        members[shift:] += count
        members[:-shift] += count
    return means, total / members[:, None, None], members


def shrunk_regression(
    moments: Float[Tensor, "T j j"],
    members: Float[Tensor, " T"],
    prior: Float[Tensor, "#T j j"],
    prior_strength: float,
    split: int,
) -> tuple[Float[Tensor, "T y z"], Float[Tensor, "T y y"]]:
    """Return regression matrix and residual covariance of every step under a prior.

    The normal-inverse-Wishart posterior mode of the joint covariance,
    S_t = (N_t S^_t + n_0 S_0) / (N_t + n_0) (Levine and Abbeel 2014), conditioned on the input.

    Args:
        moments: Covariance S^_t of (input, output).
        members: Number of samples N_t behind each.
        prior: Covariance S_0 of the prior, one for all steps or one for each.
        prior_strength: n_0, how many samples the prior is worth.
        split: Dimension of the input.
    """
    weight = (members / (members + prior_strength))[:, None, None]
    joint = weight * moments + (1 - weight) * prior
    z, y = slice(0, split), slice(split, None)
    # The state holds both joint angles and points that follow from them: rank is lacking by
    # construction, so the inverse needs a floor.
    scale = joint[:, z, z].diagonal(dim1=-2, dim2=-1)
    regular = joint[:, z, z] + torch.diag_embed(1e-6 * scale + 1e-9)
    matrix = torch.linalg.solve(regular, joint[:, z, y]).mT
    residual = joint[:, y, y] - matrix @ joint[:, z, y]
    return matrix, 0.5 * (residual + residual.mT)
