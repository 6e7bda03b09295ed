# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Priors of fitted dynamics: what all transitions say about those of one step."""

import warnings

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

_FREEDOM = 4.0
_ROBUST_ROUNDS = 10
_REGULARISATION = 1e-6  # variance added to every component; states are rank-deficient


def pooled_prior(transitions: Float[Tensor, "M S j"]) -> Float[Tensor, "1 j j"]:
    """Return the covariance of (x, u, x') over all rollouts and steps.

    Differences along the path tell as much about how the arm answers as differences between
    rollouts do, hence one mean for all. It is one global linear model.
    """
    return torch.cov(transitions.flatten(0, 1).T).unsqueeze(0)


def robust_prior(transitions: Float[Tensor, "M S j"], split: int) -> Float[Tensor, "1 j j"]:
    """Return the covariance of (x, u, x') over all rollouts and steps, contacts left out.

    A few hard contacts would spoil one linear model for all steps. Residuals are therefore taken
    to be Student-t with 4 degrees of freedom, fitted by expectation maximisation (Lange, Little
    and Taylor 1989, section 3): each transition weighs (4 + y) / (4 + r^T S^-1 r), where r is its
    residual of dimension y and S their scatter.

    Args:
        transitions: (x_t, u_t, x_{t+1}).
        split: Dimension of (x, u).
    """
    flat = transitions.flatten(0, 1)
    size = flat.shape[-1] - split
    weights = flat.new_ones(len(flat))
    for _ in range(_ROBUST_ROUNDS):
        covariance, centred = _weighted_covariance(flat, weights)
        scale = covariance[:split, :split].diagonal()
        regular = covariance[:split, :split] + torch.diag(1e-9 * scale + 1e-12)
        matrix = torch.linalg.solve(regular, covariance[:split, split:])
        residuals = centred[:, split:] - centred[:, :split] @ matrix
        scatter = (weights.unsqueeze(1) * residuals).T @ residuals / len(flat)
        scatter = scatter + torch.diag(1e-9 * scatter.diagonal() + 1e-15)
        distances = (residuals * torch.linalg.solve(scatter, residuals.T).T).sum(dim=1)
        weights = (_FREEDOM + size) / (_FREEDOM + distances)
    return _weighted_covariance(flat, weights)[0].unsqueeze(0)


def _weighted_covariance(
    points: Float[Tensor, "P j"], weights: Float[Tensor, " P"]
) -> tuple[Float[Tensor, "j j"], Float[Tensor, "P j"]]:
    """Return the unbiased covariance of weighted points, and the points around their mean."""
    total = weights.sum()
    centred = points - weights @ points / total
    scatter = (weights.unsqueeze(1) * centred).T @ centred
    return scatter / (total - weights.square().sum() / total), centred


def mixture_prior(
    transitions: Float[Tensor, "M S j"], transitions_per_component: int, most_components: int
) -> Float[Tensor, "S j j"]:
    """Return one covariance for each step from a Gaussian mixture over all transitions.

    Each step takes the components by the share of its own transitions that belong to them
    (Levine, Wagener and Abbeel 2015, as used by Finn, Levine and Abbeel 2016).

    Args:
        transitions: (x_t, u_t, x_{t+1}).
        transitions_per_component: Transitions that a component needs.
        most_components: Largest number of components.
    """
    # scikit-learn takes a second to import, which only this prior is worth.
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    count, steps, _ = transitions.shape
    flat = transitions.flatten(0, 1).numpy()
    components = int(np.clip(count * steps // transitions_per_component, 2, most_components))
    centre, scale = flat.mean(axis=0), flat.std(axis=0) + 1e-9
    mixture = GaussianMixture(
        components, reg_covar=_REGULARISATION, random_state=0, max_iter=50, tol=1e-2
    )
    # One thread: sums in another order would end bit-exact resumption.
    with warnings.catch_warnings(), threadpool_limits(1):
        # A prior need not be a converged fit; a few dozen rounds are as good.
        warnings.simplefilter("ignore")
        mixture.fit((flat - centre) / scale)
        responsibilities = mixture.predict_proba((flat - centre) / scale)
    shares = responsibilities.reshape(count, steps, components).mean(axis=0)
    means = shares @ mixture.means_
    second = mixture.covariances_ + np.einsum("ki,kj->kij", mixture.means_, mixture.means_)
    covariances = np.einsum("sk,kij->sij", shares, second) - np.einsum("si,sj->sij", means, means)
    return torch.from_numpy(covariances * np.outer(scale, scale))
