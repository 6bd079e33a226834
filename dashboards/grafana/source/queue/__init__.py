"""Queue in depth: how one queue does now, why, and what its callers go through."""

from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.queue import agents, calls, now, today, waits
from dashboards.grafana.source.words import Language, Text


def queue(language: Language) -> Board:
    """One queue, chosen on top or by a click in the overview."""
    board = Board(
        Name.QUEUE,
        language,
        about=Text(
            "How does this queue do now, why, and what do its callers go through?",
            "Как дела в этой очереди, почему так, и что испытывают её клиенты?",
        ),
        hours=6,
        refresh="5s",
    )
    for part in (now, today, calls, waits, agents):
        part.fill(board, language)
    return board
