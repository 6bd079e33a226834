"""Chance: how long people take and what they choose. All lengths are seconds of the PBX's clock, ``speed`` applied."""

from __future__ import annotations

import math
from random import Random

from monitor.simulator.config import Habits, QueueSpec

_DAY = (
    # part of the full traffic at each hour of the office's day; never 0, so that a long demonstration stays alive
    0.15, 0.12, 0.12, 0.12, 0.15, 0.2, 0.3, 0.45, 0.65, 0.85, 1.0, 1.05,
    1.0, 0.9, 0.95, 1.0, 1.0, 0.9, 0.75, 0.6, 0.45, 0.35, 0.25, 0.2,
)  # fmt: skip
_TALK_SIGMA = 0.7
_RING_MEAN, _RING_SIGMA = 5.0, 0.5
_PATIENCE_SHAPE = 1.4
_BREAKS = (
    # reason, mean length in people's seconds, weight
    ("lunch", 1_800.0, 1.0),
    ("break", 420.0, 4.0),
    ("training", 900.0, 0.8),
    ("meeting", 1_200.0, 0.8),
    ("обход клиента", 300.0, 0.6),
)
_FORENAMES = ("Иван", "Мария", "Пётр", "John", "Ольга", "Sean", "Anne-Marie", "Рустам")
_SURNAMES = ("Смирнов", "O'Brien", "Козлова", 'Ivanov "Vanya"', "Попов", "D'Angelo", "Lee", "Ткач")


class Profile:
    """Draws everything that is left to chance, from one seeded source."""

    def __init__(
        self, seed: int, speed: float, habits: Habits, office_hour: float, started_at: float
    ) -> None:
        self.random = Random(f"profile {seed}")
        self.habits = habits
        self._speed = speed
        self._office_hour = office_hour
        self._started_at = started_at

    def scaled(self, seconds: float) -> float:
        """Return people's seconds as seconds of the PBX's clock."""
        return seconds / self._speed

    def day_curve(self, now: float) -> float:
        """Return the part of the full traffic at this time of the office's day."""
        hour = (self._office_hour + (now - self._started_at) * self._speed / 3_600) % 24
        left, part = int(hour), hour % 1
        return _DAY[left] * (1 - part) + _DAY[(left + 1) % 24] * part

    def gap(self, mean: float) -> float:
        """Return the time to the next of things that come independently, ``mean`` people's seconds apart."""
        return self.random.expovariate(1.0) * self.scaled(mean)

    def happens(self, probability: float) -> bool:
        """Return whether it happens this time."""
        return self.random.random() < probability

    def talk(self, queue: QueueSpec | None) -> float:
        """Return the length of a conversation."""
        mean = queue.talk if queue is not None else 120.0
        return self.scaled(self._lognormal(mean, _TALK_SIGMA))

    def ring(self) -> float:
        """Return how long a phone rings before it is answered."""
        return self.scaled(self._lognormal(_RING_MEAN, _RING_SIGMA))

    def patience(self, queue: QueueSpec) -> float:
        """Return how long a caller waits at the most."""
        scale = queue.patience / math.gamma(1 + 1 / _PATIENCE_SHAPE)
        return self.scaled(self.random.weibullvariate(scale, _PATIENCE_SHAPE))

    def hold(self) -> float:
        """Return how long a talk is held."""
        return self.scaled(self._lognormal(35.0, 0.6))

    def break_(self) -> tuple[str, float]:
        """Return reason and length of a break."""
        reason, mean, _ = self.random.choices(_BREAKS, weights=[weight for *_, weight in _BREAKS])[0]
        return reason, self.scaled(self._lognormal(mean, 0.4))

    def caller(self) -> tuple[str, str]:
        """Return number and name of somebody outside; few tell their name."""
        number = f"+7{self.random.choice((495, 812, 916, 903))}{self.random.randrange(10**7):07d}"
        if self.random.random() < 0.7:
            return number, number
        return number, f"{self.random.choice(_FORENAMES)} {self.random.choice(_SURNAMES)}"

    def _lognormal(self, mean: float, sigma: float) -> float:
        return self.random.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
