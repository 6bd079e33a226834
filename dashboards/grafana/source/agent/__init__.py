"""Agent in depth: what one agent does now, how the day went, and how that compares with the team."""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dashboards.grafana.source.agent import now, states, team
from dashboards.grafana.source.board import Board
from dashboards.grafana.source.links import Name
from dashboards.grafana.source.words import Language, Text


def agent(language: Language) -> Board:
    """One agent, chosen on top or by a click on a row of the overview."""
    board = Board(
        Name.AGENT,
        language,
        about=Text(
            "What does this agent do now, how was the day, and how does it compare with the team?",
            "Что сейчас делает оператор, как прошёл его день и как это выглядит рядом с группой?",
        ),
        hours=8,
        refresh="10s",
    )
    for part in (now, states, team):
        part.fill(board, language)
    return board
