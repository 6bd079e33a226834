"""Service health: whether the picture is true and fresh, reaches its readers, and the process is well."""

from dashboards.grafana.source.board import Board
from dashboards.grafana.source.health import alerts, feed, process, sources, truth
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.words import Language, Text


def health(language: Language) -> Board:
    """The page of the engineer on call."""
    board = Board(
        Name.HEALTH,
        language,
        about=Text(
            "Is the picture true and fresh, does it reach its readers, and is the process well?",
            "Верна ли и свежа ли картина, доходит ли она до зрителей и здоров ли процесс?",
        ),
        hours=1,
        refresh="10s",
    )
    for part in (truth, alerts, sources, feed, process):
        part.fill(board, language)
    return board
