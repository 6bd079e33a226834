"""Contact centre overview: who loses customers right now, in which queue, and who is there to answer."""

from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.overview import agents, history, now
from dashboards.grafana.source.words import Language, Text


def overview(language: Language) -> Board:
    """The page that a contact-centre manager keeps open."""
    board = Board(
        Name.OVERVIEW,
        language,
        about=Text(
            "Is anybody losing customers right now, in which queue, and who is there to answer?",
            "Теряем ли мы клиентов прямо сейчас, в какой очереди, и кто может ответить?",
        ),
        hours=3,
        refresh="5s",
    )
    for part in (now, history, agents):
        part.fill(board, language)
    return board
