"""Units of Grafana, and from where on a figure is a warning or critical.

The thresholds are the wallboard's defaults (docs/configuration.md, `wallboard`): Grafana can't read a service's own. What
a queue promises it can: there a figure is compared with the queue's own threshold and target.
"""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

from dashboards.grafana.source import palette

COUNT: Final = "short"
SECONDS: Final = "s"
DURATION: Final = "dtdurations"
SHARE: Final = "percentunit"
BYTES: Final = "bytes"
BYTES_PER_SECOND: Final = "Bps"
# Labels as they are: else a queue called 1001 would be shown as 1.00 K.
TEXT: Final = "string"
EVENTS_PER_SECOND: Final = "eps"
MESSAGES_PER_SECOND: Final = "mps"


@dataclass(frozen=True)
class Steps:
    """Colours of a figure: the first holds from below, each other from its value on."""

    first: str
    others: tuple[tuple[float, str], ...] = ()

    def config(self) -> ThresholdsConfig:
        """As the SDK takes them: the first has no value."""
        pairs = [(None, self.first), *self.others]
        steps = [Threshold(value=value, color=colour) for value, colour in pairs]
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def above(warning: float, critical: float) -> Steps:
    """Good until the warning."""
    return Steps(palette.GOOD, ((warning, palette.WARNING), (critical, palette.CRITICAL)))


def below(warning: float, critical: float) -> Steps:
    """Good from the warning on."""
    return Steps(palette.CRITICAL, ((critical, palette.WARNING), (warning, palette.GOOD)))


PLAIN = Steps(palette.PLAIN)
WAITING = above(3, 6)
# The longest wait by the queue's own threshold.
OF_THRESHOLD = above(1, 2)
# A service level minus its target, in points.
AGAINST_TARGET = below(0, -10)
ABANDONED = above(0.05, 0.1)
# Anything at all is a fault.
NONE_ALLOWED = Steps(palette.GOOD, ((1, palette.CRITICAL),))
NONE_WANTED = Steps(palette.GOOD, ((1, palette.WARNING),))
SOME_NEEDED = Steps(palette.CRITICAL, ((1, palette.GOOD),))
# An event needs a few milliseconds; more is the network, a clock or a service that can't keep up.
EVENT_LAG = above(0.5, 2)
LOOP_LAG = above(0.1, 0.5)
# Of the 5 s between two scrapes.
SCRAPE = above(1, 4)
