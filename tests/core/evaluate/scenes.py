"""Simulated evaluations whose true difference is known."""

import numpy as np

from core.evaluate.compare import interval

# Differences of a question's metric: binary with few and with many that differ, rank-like, F1-like.
SCENES = {
    "binary, 10 in 100 differ": lambda rng, n: (rng.choice([-1.0, 0, 1], p=[0.02, 0.9, 0.08], size=n), 0.06),
    "binary, 25 in 100 differ": lambda rng, n: (rng.choice([-1.0, 0, 1], p=[0.1, 0.75, 0.15], size=n), 0.05),
    "reciprocal ranks": lambda rng, n: (
        np.where(rng.random(n) < 0.6, 0, rng.choice([1, 0.5, 1 / 3], size=n) - rng.choice([1, 0.2], size=n)),
        0.4 * (11 / 18 - 0.6),
    ),
    "token F1": lambda rng, n: (rng.beta(0.4, 0.6, n) - rng.beta(0.4, 0.8, n), 0.4 - 1 / 3),
}


def coverage(scene, n, evaluations):
    """Share of simulated evaluations over n questions whose interval holds the true difference."""
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(evaluations):
        gaps, truth = SCENES[scene](rng, n)
        low, high = interval(gaps)
        inside += low <= truth <= high
    return inside / evaluations
