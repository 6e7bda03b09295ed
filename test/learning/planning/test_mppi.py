# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MPPI against the Riccati solution, closed-form free energies and its own limits."""

import math

import pytest
import torch
from double_integrator import MODEL, START, STEPS, WEIGHTS, cost, run, soft_solution, state_cost

from irl_ros.core.errors import LearningError, ParameterError
from irl_ros.core.policy import LinearGaussianController, Policy
from irl_ros.core.trajectory import Trajectories
from irl_ros.learning.importance import effective_sample_size
from irl_ros.learning.planning.mppi import Mppi, MppiConfig
from irl_ros.learning.planning.mppi_policy import MppiPolicy

ZEROS = torch.zeros(STEPS, 1, dtype=torch.float64)
EYE = torch.eye(1, dtype=torch.float64)
STILL = LinearGaussianController(
    torch.zeros(STEPS, 1, 2, dtype=torch.float64), ZEROS, EYE.repeat(STEPS, 1, 1)
)
MINIMUM = 4.4408489514


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def planner(deviation: float = 1.0, **values: float) -> Mppi:
    config = MppiConfig(**{"samples": 512, "horizon": STEPS, **values})  # type: ignore[arg-type]
    return Mppi(config, MODEL.rollout, cost, deviation**2 * EYE)


def optimum() -> torch.Tensor:
    controller, state, actions = soft_solution().controller, START, []
    for step in range(STEPS):
        actions.append(controller.action_mean(step, state))
        state = MODEL.predict(state, actions[-1])
    return torch.stack(actions)


def test_the_known_minimum_is_the_known_minimum() -> None:
    assert float(run(soft_solution().controller)) == pytest.approx(MINIMUM, abs=1e-8)


def test_replanning_approaches_the_optimum_of_a_linear_quadratic_problem() -> None:
    mppi = planner(temperature=0.02, target_ess=20, memory=0.8, samples=2048, updates=2)
    policy = MppiPolicy(mppi, STILL, seed=0)
    assert isinstance(policy, Policy)
    ratio = float(run(policy)) / MINIMUM
    assert 1.0 <= ratio < 1.02


def test_more_samples_and_updates_come_closer() -> None:
    def excess(samples: int, updates: int) -> float:
        mppi = planner(temperature=0.05, samples=samples, updates=updates, memory=0.8)
        return float(run(MppiPolicy(mppi, STILL, seed=1))) - MINIMUM

    coarse, fine = excess(16, 1), excess(1024, 3)
    assert 0 < fine < 0.2 * coarse


def test_repeated_updates_of_one_plan_approach_the_optimal_actions() -> None:
    mppi = planner(deviation=0.5, temperature=0.05, samples=2048, memory=0.8)
    source, plan = generator(), ZEROS
    plans = []
    for _ in range(60):
        plan = mppi.update(START, plan, ZEROS, source).plan
        plans.append(plan)
    mean = torch.stack(plans[20:]).mean(dim=0)
    assert float((mean - optimum()).abs().max()) < 0.1 * float(optimum().abs().max())


def test_weights_sum_to_one_and_follow_the_temperature() -> None:
    sizes = []
    for temperature in (1e-6, 1.0, 1e6):
        update = planner(temperature=temperature).update(START, ZEROS, ZEROS, generator())
        assert float(update.log_weights.exp().sum()) == pytest.approx(1.0, abs=1e-12)
        sizes.append(effective_sample_size(update.log_weights))
    cold, _, hot = sizes
    assert cold == pytest.approx(1.0, abs=1e-6)
    assert hot == pytest.approx(512, rel=1e-6)
    assert sizes == sorted(sizes)


def test_at_no_temperature_the_best_sample_is_the_plan() -> None:
    update = planner(temperature=1e-9).update(START, ZEROS, ZEROS, generator())
    totals = cost(MODEL.rollout(START, update.actions), update.actions).sum(dim=1)
    torch.testing.assert_close(update.plan, update.actions[int(totals.argmin())])


def test_the_temperature_is_raised_until_enough_plans_count() -> None:
    update = planner(temperature=1e-6, target_ess=40).update(START, ZEROS, ZEROS, generator())
    assert effective_sample_size(update.log_weights) == pytest.approx(40, rel=1e-3)


@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_the_noise_has_the_covariance_that_was_asked_for(memory: float) -> None:
    covariance = torch.tensor([[0.5, 0.2], [0.2, 0.3]], dtype=torch.float64)
    mppi = Mppi(
        MppiConfig(samples=20000, horizon=3, memory=memory),
        lambda start, actions: start.expand(*actions.shape[:2], -1),
        lambda states, actions: 0 * actions.sum(dim=-1),
        covariance,
    )
    nothing = torch.zeros(3, 2, dtype=torch.float64)
    actions = mppi.update(START, nothing, nothing, generator()).actions
    for lag in range(3):
        measured = actions[:, lag].T @ actions[:, 0] / len(actions)
        torch.testing.assert_close(measured, memory**lag * covariance, atol=0.015, rtol=0)


def path_integral(base_share: float, plan: torch.Tensor, memory: float) -> float:
    """Estimate the free energy of the state cost around a plan that is not the base."""
    mppi = Mppi(
        MppiConfig(samples=100_000, base_share=base_share, memory=memory, temperature=2.0),
        MODEL.rollout,
        state_cost,
        EYE,
    )
    return mppi.update(START, plan, ZEROS, generator()).free_energy


def test_the_free_energy_is_the_soft_value() -> None:
    # N(0, 1) as the base prices actions with lambda/2 u^2, which the Riccati recursion knows.
    weights = torch.tensor([1.0, 0.1, 2.0], dtype=torch.float64)
    solution = soft_solution(weights, temperature=2.0)
    exact = -2.0 * (solution.log_partition - 0.5 * STEPS * math.log(2 * math.pi))
    for plan in (ZEROS, torch.full_like(ZEROS, -0.2)):
        assert path_integral(0.0, plan, 0.0) == pytest.approx(exact, rel=0.01)


def test_correlated_noise_is_accounted_for() -> None:
    centred = path_integral(0.0, ZEROS, 0.6)
    assert path_integral(0.0, torch.full_like(ZEROS, -0.1), 0.6) == pytest.approx(
        centred, rel=0.01
    )


def test_departing_from_the_base_costs_what_the_temperature_says() -> None:
    # Without noise worth speaking of, alpha = 0 is LQR with R = lambda / Sigma.
    mppi = Mppi(
        MppiConfig(samples=4096, horizon=STEPS, base_share=0.0, temperature=0.1, memory=0.0),
        MODEL.rollout,
        state_cost,
        EYE,
    )
    source, plan, plans = generator(), optimum(), []
    for _ in range(30):
        plans.append(mppi.update(START, plan, ZEROS, source).plan)
        plan = plans[-1]
    mean = torch.stack(plans[5:]).mean(dim=0)
    assert float((mean - optimum()).abs().max()) < 0.15 * float(optimum().abs().max())
    assert float(WEIGHTS[2]) == 0.1


def test_limits_hold_for_plans_and_samples() -> None:
    limits = torch.tensor([[-0.3], [0.2]], dtype=torch.float64)
    mppi = Mppi(MppiConfig(horizon=STEPS), MODEL.rollout, cost, EYE, limits)
    update = mppi.update(START, ZEROS, ZEROS, generator())
    for actions in (update.plan, update.actions):
        assert float(actions.min()) >= -0.3
        assert float(actions.max()) <= 0.2
    assert float(update.actions.min()) == -0.3


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="not positive definite"):
        Mppi(MppiConfig(), MODEL.rollout, cost, 0 * EYE)
    with pytest.raises(ParameterError, match="lower before upper"):
        Mppi(MppiConfig(), MODEL.rollout, cost, EYE, torch.ones(2, 1, dtype=torch.float64))


def test_plans_that_diverge_do_not_count_unless_all_do() -> None:
    def partly(states: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        return torch.where(actions[..., 0] > 1.0, math.nan, cost(states, actions))

    mppi = Mppi(MppiConfig(target_ess=5, horizon=3), MODEL.rollout, partly, EYE)
    update = mppi.update(START, ZEROS[:3], ZEROS[:3], generator())
    diverged = (update.actions[..., 0] > 1.0).any(dim=1)
    assert bool(diverged.any())
    assert float(update.log_weights[diverged].exp().sum()) == 0.0
    assert bool(torch.isfinite(update.plan).all())

    never = Mppi(MppiConfig(), MODEL.rollout, lambda _, actions: math.nan * actions[..., 0], EYE)
    with pytest.raises(LearningError, match="none of 256 sampled plans has a finite cost"):
        never.update(START, ZEROS, ZEROS, generator())


# --- The policy --------------------------------------------------------------------------------


def test_the_policy_repeats_itself_and_differs_by_seed() -> None:
    policy = MppiPolicy(planner(samples=32), STILL, seed=3)
    assert float(run(policy)) == float(run(policy))
    assert float(run(policy)) != float(run(MppiPolicy(planner(samples=32), STILL, seed=4)))
    assert float(run(policy, generator(1))) == float(run(policy, generator(1)))
    assert float(run(policy, generator(1))) != float(run(policy, generator(2)))


def test_the_last_plan_is_where_the_next_begins() -> None:
    # With hardly any noise a plan can only come from the one before.
    policy = MppiPolicy(planner(samples=4, deviation=1e-9, horizon=5), STILL, seed=0)
    policy._plan, policy._next = optimum()[:5], 1
    torch.testing.assert_close(policy.action_mean(1, START), optimum()[1], atol=1e-7, rtol=0)


def test_the_base_is_the_first_guess_and_the_plan_ends_with_the_task() -> None:
    controller = soft_solution().controller
    policy = MppiPolicy(planner(samples=4, deviation=1e-9, horizon=5), controller, seed=0)
    assert policy.horizon == STEPS
    assert float(run(policy)) == pytest.approx(MINIMUM, abs=1e-6)


def test_sampled_actions_are_drawn_with_the_plans_weights() -> None:
    policy = MppiPolicy(planner(samples=64, temperature=1e-9, horizon=4), STILL, seed=0)
    # At no temperature all weight is on the best plan, which is then both mean and sample.
    first = policy.sample(0, START, generator(5))
    torch.testing.assert_close(first, policy._plan[0])


def test_steps_must_be_asked_for_in_order() -> None:
    policy = MppiPolicy(planner(samples=4), STILL, seed=0)
    with pytest.raises(LearningError, match="ask for its steps in order, from 0"):
        policy.action_mean(1, START)
    policy.action_mean(0, START)
    policy.action_mean(0, START)
    policy.action_mean(1, START)
    with pytest.raises(LearningError, match="whose next is 2"):
        policy.action_mean(4, START)


def test_a_density_is_refused() -> None:
    policy = MppiPolicy(planner(samples=4), STILL, seed=0)
    batch = Trajectories(
        torch.zeros(2, STEPS, 2, dtype=torch.float64), torch.zeros(2, STEPS, 1).double()
    )
    with pytest.raises(LearningError, match="density of 2 trajectories under MPPI is not known"):
        policy.log_prob(batch)
