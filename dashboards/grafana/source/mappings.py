"""Values that are shown as words, with a colour beside the word."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from dashboards.grafana.source import palette, words
from dashboards.grafana.source.promql import NO_STATE, STATE_CODES
from dashboards.grafana.source.words import Language, Text


def worded(language: Language, values: Mapping[str, tuple[Text, str | None]]) -> list[ValueMapping]:
    """A word and colour for each value."""
    return [
        ValueMap(
            {
                value: ValueMappingResult(text=text.in_(language), color=colour, index=index)
                for index, (value, (text, colour)) in enumerate(values.items())
            }
        )
    ]


def states(language: Language) -> list[ValueMapping]:
    """The numbers of promql.state_codes."""
    values: dict[str, tuple[Text, str | None]] = {str(NO_STATE): (words.NO_DATA, palette.SOFT)}
    values |= {str(code): (words.STATES[state], palette.STATES[state]) for state, code in STATE_CODES.items()}
    return worded(language, values)


def when_empty(language: Language, text: Text) -> list[ValueMapping]:
    """A word for a label that is not there."""
    result = ValueMappingResult(text=text.in_(language))
    return [
        SpecialValueMap(DashboardSpecialValueMapOptions(match=match, result=result))
        for match in (SpecialValueMatch.NULL, SpecialValueMatch.EMPTY)
    ]
