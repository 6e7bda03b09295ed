# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maximum-entropy control: soft Bellman backups, and how often their policy visits what.

The equations are those of Ziebart, Bagnell and Dey (2010), "Modeling interaction via the principle
of maximum causal entropy", with a temperature alpha:

(1)  Q_t(s, a) = r(s, a) + gamma E[V_{t+1}(s') | s, a],  V_{T+1} = 0
(2)  V_t(s) = alpha log sum_a exp(Q_t(s, a) / alpha)
(3)  pi_t(a | s) = exp((Q_t(s, a) - V_t(s)) / alpha)
(4)  rho_t(s, a) = d_t(s) pi_t(a | s),  d_{t+1}(s') = gamma sum_{s, a} rho_t(s, a) p(s' | s, a)

(3) maximises E[sum_t gamma^(t-1) (r + alpha H(pi_t))]; with alpha = 0 the log-sum-exp is the
maximum and (1) to (3) are value iteration. Without a horizon they hold without the index t.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from scipy import sparse
from torch import Tensor, nn

from irl_ros.core.errors import LearningError
from irl_ros.learning.tabular.mdp import Mdp, by_action

_TIE = 1e-9  # relative; actions closer than this to the best are as good
_SWEEPS = 200


@dataclass(frozen=True)
class Solution:
    """Optimal values and the policy that attains them.

    Attributes:
        action_values: Q_t(s, a).
        values: V_t(s).
        policy: pi_t(a | s).
    """

    action_values: Float[Tensor, "T S A"]
    values: Float[Tensor, "T S"]
    policy: Float[Tensor, "T S A"]


def backup(
    mdp: Mdp, reward: Float[Tensor, "S A"], following: Float[Tensor, " S"]
) -> Float[Tensor, "S A"]:
    """Return Q of equation (1) where V follows."""
    return reward + mdp.discount * mdp.expect(following)


def soft_maximum(
    action_values: Float[Tensor, "*batch A"], temperature: float
) -> Float[Tensor, "*batch"]:
    """Return V of equation (2), the maximum where the temperature is 0."""
    if temperature == 0:
        return action_values.amax(dim=-1)
    return temperature * torch.logsumexp(action_values / temperature, dim=-1)


def soft_policy(
    action_values: Float[Tensor, "*batch A"], temperature: float
) -> Float[Tensor, "*batch A"]:
    """Return pi of equation (3); at temperature 0 the best actions share evenly."""
    if temperature == 0:
        best = action_values.amax(dim=-1, keepdim=True)
        chosen = (action_values >= best - _TIE * (1 + best.abs())).to(action_values)
        return chosen / chosen.sum(dim=-1, keepdim=True)
    return torch.softmax(action_values / temperature, dim=-1)


def solve(
    mdp: Mdp,
    reward: Float[Tensor, " S"] | Float[Tensor, "S A"],
    temperature: float = 1.0,
    start: Float[Tensor, " S"] | None = None,
) -> Solution:
    """Solve equations (1) to (3).

    Args:
        mdp: The process.
        reward: r(s) or r(s, a).
        temperature: alpha >= 0; 0 is ordinary optimal control.
        start: Where there is no horizon, values to start from, such as those of a similar reward.

    Raises:
        LearningError: If a reward is not finite or the values do not settle.
    """
    table = by_action(mdp, reward)
    if not bool(torch.isfinite(table).all()):
        raise LearningError("a reward is not finite; give finite numbers")
    if mdp.horizon is None:
        return _solve_stationary(mdp, table, temperature, start)
    values = table.new_zeros(mdp.states)
    backwards = []
    for _ in range(mdp.horizon):
        action_values = backup(mdp, table, values)
        values = soft_maximum(action_values, temperature)
        backwards.append((action_values, values))
    action_values, values = map(torch.stack, zip(*reversed(backwards), strict=True))
    return Solution(action_values, values, soft_policy(action_values, temperature))


def _solve_stationary(
    mdp: Mdp,
    reward: Float[Tensor, "S A"],
    temperature: float,
    start: Float[Tensor, " S"] | None,
) -> Solution:
    """Find the fixed point of (1) and (2) by Newton's method, which is soft policy iteration.

    V = r_pi + alpha H(pi) + gamma P_pi V is linear in V for the policy of the last V, and touches
    (2) there.
    """
    values = reward.new_zeros(mdp.states) if start is None else start
    for sweep in range(_SWEEPS):
        action_values = backup(mdp, reward, values)
        better = soft_maximum(action_values, temperature)
        residual = better - values
        scale = 1 + float(better.abs().max())
        # Even a start that seems good enough is corrected once, for the sake of line searches.
        if sweep and float(residual.abs().max()) <= 1e-12 * scale:
            policy = soft_policy(action_values, temperature)
            return Solution(action_values[None], better[None], policy[None])
        # Sharing among nearly equal actions would stop short of the maximum: here one is taken.
        policy = (
            soft_policy(action_values, temperature)
            if temperature > 0
            else nn.functional.one_hot(action_values.argmax(dim=-1), mdp.actions).to(reward)
        )
        # Solving for the change instead of the value keeps the last digits.
        values = values + _resolve(mdp, policy, residual, transposed=False)
    raise LearningError(
        f"values still change by {float(residual.abs().max()):.3g} after {_SWEEPS} sweeps; "
        "give a reward of moderate size"
    )


def _resolve(
    mdp: Mdp, policy: Float[Tensor, "S A"], vector: Float[Tensor, " S"], *, transposed: bool
) -> Float[Tensor, " S"]:
    """Return x of (I - gamma P_pi) x = vector, or with the transposed matrix."""
    matrix = sparse.eye_array(mdp.states, format="csc") - mdp.discount * mdp.chain(policy)
    if transposed:
        matrix = matrix.T.tocsc()
    # In grids and the like transitions go both ways, for which this ordering is the sparsest.
    factors = sparse.linalg.splu(matrix, permc_spec="MMD_AT_PLUS_A")
    return torch.from_numpy(factors.solve(vector.numpy()))


def visitation(
    mdp: Mdp, policy: Float[Tensor, "T S A"], sources: Float[Tensor, "T S"] | None = None
) -> Float[Tensor, "T S A"]:
    """Return the state-action visitation frequencies rho of equation (4).

    Without a horizon they are summed over time, rho = sum_t gamma^(t-1) p(s_t, a_t), total
    1 / (1 - gamma).

    Args:
        mdp: The process.
        policy: pi_t(a | s).
        sources: Visits that begin in each step; p(s_1) in the first one by default.
    """
    if sources is None:
        sources = policy.new_zeros(policy.shape[:2])
        sources[0] = mdp.initial
    if mdp.horizon is None:
        states = _resolve(mdp, policy[0], sources[0], transposed=True)
        return states[None, :, None] * policy
    visits = torch.empty_like(policy)
    inflow = torch.zeros_like(sources[0])
    for step, choice in enumerate(policy):
        visits[step] = (sources[step] + inflow).unsqueeze(-1) * choice
        inflow = mdp.discount * mdp.flow(visits[step])
    return visits


def sources_of(mdp: Mdp, visits: Float[Tensor, "T S A"]) -> Float[Tensor, "T S"]:
    """Return where visits begin: those to a state that no earlier visit explains.

    nu_t(s') = sum_a rho_t(s', a) - gamma sum_{s, a} rho_{t-1}(s, a) p(s' | s, a). For visits of a
    policy this is p(s_1) in the first step and 0 later; for a few demonstrations the difference
    between how they went and how they were expected to go stays, and may be negative.
    """
    inflow = torch.stack([mdp.discount * mdp.flow(each) for each in visits])
    if mdp.horizon is not None:
        inflow = torch.cat([torch.zeros_like(inflow[:1]), inflow[:-1]])
    return visits.sum(dim=-1) - inflow
