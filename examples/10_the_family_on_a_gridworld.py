# Copyright 2026 The irl_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn one gridworld from the same walks in seven ways, and compare what becomes of each.

    python examples/10_the_family_on_a_gridworld.py

Maximum entropy computes what it expects; Guided Cost Learning samples it. With a sampler that
never changes it is relative-entropy IRL, with a discriminator's loss GAN-GCL. GAIL and AIRL
compare samples with demonstrations; cloning looks at the demonstrations alone. Where dynamics
leave nothing to chance all but the clone look for the same visits.
"""

import torch

from irl_ros.learning.reward_tools.value_difference import expected_value_difference
from irl_ros.learning.tabular.adversarial import AdversarialConfig, Airl, Gail
from irl_ros.learning.tabular.cloning import CloningConfig, clone
from irl_ros.learning.tabular.maxent import MaxEnt, MaxEntConfig
from irl_ros.learning.tabular.problem import TabularProblem, empirical_visits, sample_paths
from irl_ros.learning.tabular.sampled_maxent import SampledMaxEnt, SampledMaxEntConfig
from irl_ros.learning.tabular.soft_control import solve, visitation
from irl_ros.learning.tabular.worlds.gridworld import gridworld

STEPS = 8


def main() -> None:
    torch.set_num_threads(1)
    # 1. A world, a demonstrator that is mostly right, and 30 walks of eight steps.
    world = gridworld(4, STEPS, discount=1.0, failure=0.0)
    demonstrator = solve(world.mdp, world.reward, temperature=0.3).policy
    walks = sample_paths(world.mdp, demonstrator, 30, STEPS, torch.Generator().manual_seed(0))
    problem = TabularProblem(world.mdp, world.features, empirical_visits(world.mdp, walks))

    # 2. Seven ways to learn from them; those that sample may do so 300 times.
    sampling = {"iterations": 10, "rollouts": 30, "weight_decay": 0.01}
    learners = {
        "maxent": MaxEnt(problem, MaxEntConfig(weight_decay=0.01, iterations=2)),
        "gcl": SampledMaxEnt(problem, walks, SampledMaxEntConfig(**sampling)),
        "relent": SampledMaxEnt(
            problem, walks, SampledMaxEntConfig(**sampling, adaptive_sampler=False)
        ),
        "gan_gcl": SampledMaxEnt(problem, walks, SampledMaxEntConfig(**sampling, loss="gan")),
        "gail": Gail(problem, walks, AdversarialConfig(iterations=10, rollouts=30)),
        "airl": Airl(
            problem, walks, AdversarialConfig(iterations=10, rollouts=30, entropy_weight=1.0)
        ),
    }
    policies = {"bc": clone(world.mdp, walks, CloningConfig())}
    for name, learner in learners.items():
        learner.run()
        policies[name] = learner.policy

    # 3. What each loses by the true reward, and how much of its time it spends elsewhere.
    shown = visitation(world.mdp, demonstrator).sum(dim=0)
    for name, policy in {"demonstrator": demonstrator, **policies}.items():
        off = 0.5 * (visitation(world.mdp, policy).sum(dim=0) - shown).abs().sum() / STEPS
        lost = expected_value_difference(world.mdp, world.reward, policy)
        print(f"{name}: loses {lost:.2f}, {off:.0%} of its visits are elsewhere")


if __name__ == "__main__":
    main()
