# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Save a cost, load it, and optimise it in three ways; then ask what else means the same.

    python examples/08_one_cost_three_optimisers.py

A mass on a line is to come to rest at a goal. The linear-quadratic regulator is the optimum.
"""

import torch
from torch import Tensor

from irl_ros.core.features import AffineFeatures
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.learning.artifacts import cost_from_bytes, cost_to_bytes
from irl_ros.learning.cost import Cost, CostConfig
from irl_ros.learning.lqr import LinearDynamics, expected_cost, propagate, solve
from irl_ros.learning.placed_cost import PlacedCost
from irl_ros.learning.planning.model import fit_linear_model
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy
from irl_ros.learning.planning.soft_q import QNetwork, SoftQConfig, SoftQLearning
from irl_ros.learning.planning.soft_q_policy import action_grid
from irl_ros.learning.reward_tools.compare import compare_costs
from irl_ros.learning.reward_tools.shaping import remove_potential
from irl_ros.learning.reward_tools.value_difference import sampled_value_difference
from irl_ros.learning.transitions import Transitions

STEPS, PERIOD, GOAL = 30, 0.2, 1.0
FORWARD = torch.tensor([[1.0, PERIOD, 0.5 * PERIOD**2], [0.0, 1.0, PERIOD]], dtype=torch.float64)
START = torch.zeros(2, dtype=torch.float64)


def move(states: Tensor, actions: Tensor) -> Tensor:
    return torch.cat([states, actions], dim=-1) @ FORWARD.T


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)

    # A cost as learning would save it: ||y||^2 + 0.1 u^2 of the state relative to the goal.
    scale = torch.tensor([1.0, 2.0], dtype=torch.float64)
    whole = Cost(CostConfig(kind="affine", action_weight=0.1), scale, generator)
    cost, _ = cost_from_bytes(cost_to_bytes(whole, {}))
    cost.requires_grad_(requires_grad=False)
    features = AffineFeatures(
        torch.eye(2, dtype=torch.float64), torch.tensor([GOAL, 0.0]).double()
    )
    placed = PlacedCost(cost, features)

    def total(policy: Policy, start: Tensor = START) -> float:
        state, result = start, 0.0
        for step in range(STEPS):
            action = policy.action_mean(step, state)
            result += float(placed(state, action))
            state = move(state, action)
        return result

    # Random motions: the model is fitted to them, and soft Q-learning learns from them.
    states = torch.rand(1500, 2, generator=generator, dtype=torch.float64) * 3 - 1
    actions = torch.rand(1500, 1, generator=generator, dtype=torch.float64) * 6 - 3
    motions = Transitions(states, actions, move(states, actions))
    model = fit_linear_model(motions)

    around = torch.zeros(1, STEPS, 3, dtype=torch.float64)
    dynamics = LinearDynamics(
        model.matrix.expand(STEPS - 1, 2, 3),
        model.offset.expand(STEPS - 1, 2),
        model.covariance.expand(STEPS - 1, 2, 2),
        START,
        0.2**2 * torch.eye(2, dtype=torch.float64),
    )
    quadratic = cost.expand(features, around[..., :2], around[..., 2:])
    # At this temperature next to no noise is left in the controller.
    regulator = solve(quadratic, dynamics, temperature=1e-9).controller

    still = LinearGaussianController(
        0 * regulator.gains, 0 * regulator.offsets, 0 * regulator.covariances + 1
    )
    mppi = Mppi(
        MppiConfig(
            samples=512, horizon=15, updates=2, temperature=0.05, target_ess=20, memory=0.8
        ),
        model.rollout,
        placed,
        covariance=0.5**2 * torch.eye(1, dtype=torch.float64),
    )

    config = SoftQConfig(temperature=0.02, discount=0.9, batch=128, target_period=60)
    network = QNetwork((32, 32), motions, placed(states, actions), config.discount, generator)
    cells = action_grid(torch.tensor([[-3.0], [3.0]], dtype=torch.float64), 25)
    learner = SoftQLearning(network, placed, cells, config, generator)
    learner.learn(motions, 2500)

    print(f"linear-quadratic regulator: cost {total(regulator):.2f}, the optimum")
    print(f"MPPI: cost {total(MppiPolicy(mppi, still, seed=0)):.2f}")
    print(f"soft Q-learning: cost {total(learner.policy(STEPS)):.2f}")
    print(f"standing still: cost {total(still):.2f}")

    # A cost that looks different and asks for the same: scaled, shifted and shaped.
    def shaping(now: Tensor, after: Tensor) -> Tensor:
        return 40 * (after.sin() - now.sin()).sum(dim=-1)

    def same(now: Tensor, action: Tensor, after: Tensor) -> Tensor:
        return 3 * placed(now, action) + 2 + shaping(now, after)

    def plain(now: Tensor, action: Tensor, _: Tensor) -> Tensor:
        return placed(now, action)

    some = motions[torch.arange(300)]
    found = compare_costs(plain, same, some, discount=1.0)
    print(f"shaped cost: correlation {found.correlation:.2f}, EPIC distance {found.epic:.4f}")

    # Where one can guess what a potential is made of, it is found and taken away. Some of the
    # plain cost looks like such a potential, too; what the shaping added is the difference.
    now, after = some.states, some.next_states
    costs = placed(now, some.actions)
    before, shaped = (
        remove_potential(each, now.sin(), after.sin(), discount=1.0)
        for each in (costs, costs + shaping(now, after))
    )
    added = ", ".join(f"{weight:.2f}" for weight in (shaped.weights - before.weights).tolist())
    apart = float((shaped.costs - before.costs).abs().max())
    print(f"shaping removed: {added} times the sines, the rest differs by {apart:.4f}")

    # A cost that asks for something else, and what its optimum loses by the true one.
    elsewhere = AffineFeatures(features.matrix, -features.offset)
    other = PlacedCost(cost, elsewhere)
    found = compare_costs(plain, lambda now, action, _: other(now, action), some, discount=1.0)
    print(f"another goal: correlation {found.correlation:.2f}, EPIC distance {found.epic:.4f}")
    mistaken = solve(
        cost.expand(elsewhere, around[..., :2], around[..., 2:]), dynamics, temperature=1e-9
    ).controller
    starts = START + 0.2 * torch.randn(2, 100, 2, generator=generator, dtype=torch.float64)
    lost = sampled_value_difference(
        torch.tensor([total(regulator, start) for start in starts[0]]),
        torch.tensor([total(mistaken, start) for start in starts[1]]),
    )
    exact = [
        float(expected_cost(quadratic, propagate(controller, dynamics)).sum())
        for controller in (regulator, mistaken)
    ]
    print(
        f"its optimum loses {lost.mean:.2f} +- {lost.standard_error:.2f} in rollouts, "
        f"{exact[1] - exact[0]:.2f} exactly"
    )


if __name__ == "__main__":
    main()
