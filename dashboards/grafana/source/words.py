"""Texts in both languages beside each other, and the words that several dashboards share.

The terms are those of the wallboard (dashboards/wallboard/src/i18n): one concept, one name.
"""

# ruff: noqa: RUF001 - Russian texts have Cyrillic letters

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that the dashboards speak; the value names the directory and ends the uid."""

    EN = "en"
    RU = "ru"

    @property
    def other(self) -> "Language":
        """The language that a dashboard links to."""
        return Language.RU if self is Language.EN else Language.EN


@dataclass(frozen=True)
class Text:
    """What is written on a dashboard, in every language: one can't be left out."""

    en: str
    ru: str

    def in_(self, language: Language) -> str:
        """The text as a reader of this language sees it."""
        return self.en if language is Language.EN else self.ru


STATES = {
    "available": Text("Available", "Свободен"),
    "ringing": Text("Ringing", "Вызов"),
    "dialing": Text("Dialing", "Набор"),
    "talking": Text("Talking", "Разговор"),
    "on_hold": Text("On hold", "Удержание"),
    "wrap_up": Text("Wrap-up", "Постобработка"),
    "paused": Text("Paused", "Перерыв"),
    "offline": Text("Offline", "Не в сети"),
    "unknown": Text("Unknown", "Неизвестно"),
}

OUTCOMES = {
    "answered": Text("Answered", "Отвечено"),
    "abandoned": Text("Abandoned", "Потеряно"),
    "timed_out": Text("Timed out", "Истекло время"),
    "left_empty": Text("No agents in the queue", "Нет операторов в очереди"),
    "exited_by_key": Text("Left by a key", "Ушли по кнопке"),
    "transferred": Text("Transferred", "Переведено"),
    "closed": Text("Queue closed", "Очередь закрыта"),
    "unknown": Text("Unknown", "Неизвестно"),
}

CALL_KINDS = {
    "answered": Text("From queues", "Из очередей"),
    "missed": Text("Missed", "Пропущено"),
    "outbound": Text("Outbound", "Исходящие"),
    "direct": Text("Direct", "Прямые"),
}

SEVERITIES = {
    "info": Text("Note", "К сведению"),
    "warning": Text("Warning", "Внимание"),
    "critical": Text("Critical", "Критично"),
}

# The alert rules of dashboards/prometheus/alerts.yml.
ALERTS = {
    "CallcenterQueueWaitingTooLong": Text("Waiting too long", "Ждут слишком долго"),
    "CallcenterServiceLevelUnderTarget": Text(
        "Service level under its target", "Уровень обслуживания ниже цели"
    ),
    "CallcenterAbandonmentHigh": Text("Many callers give up", "Многие не дожидаются ответа"),
    "CallcenterCallersTurnedAway": Text("Callers turned away", "Звонящим отказано"),
    "CallcenterNobodyAtWork": Text("Nobody at work", "Никто не работает"),
    "CallcenterNoAgentAvailable": Text("Nobody is free", "Нет свободных"),
    "CallcenterLogNotWritable": Text("Event log can't be written", "Журнал событий не записывается"),
    "CallcenterSourceLost": Text("Source lost", "Связь с источником потеряна"),
    "CallcenterDrift": Text("The picture had to be corrected", "Картину пришлось исправлять"),
    "CallcenterFeedEvictions": Text("Feed clients dropped", "Клиенты ленты отключены сервером"),
    "CallcenterWebhookFailures": Text("Webhooks fail", "Вебхуки не доставляются"),
    "CallcenterMonitorDown": Text("Operator Monitor is down", "Монитор операторов не работает"),
    "CallcenterNotificationsFailed": Text("Alerts reach nobody", "Оповещения не доставляются"),
}

PRODUCT = Text("Operator Monitor", "Монитор операторов")
NO_DATA = Text("No data", "Нет данных")
NOTHING = Text("–", "–")

SOURCE = Text("Source", "Источник")
QUEUE = Text("Queue", "Очередь")
TEAM = Text("Team", "Группа")
AGENT = Text("Agent", "Оператор")
AGENTS = Text("Agents", "Операторы")
NO_TEAM = Text("No team", "Без группы")
ALERTS_TITLE = Text("Alerts", "Оповещения")

WAITING = Text("Callers waiting", "Ждут в очереди")
LONGEST = Text("Longest wait", "Самое долгое ожидание")
OF_THRESHOLD = Text("Of its threshold", "От порога")
NOBODY_FREE = Text("Nobody is free", "Нет свободных")
AVAILABLE = STATES["available"]
BUSY = Text("Busy", "Заняты")
SERVICE_LEVEL = Text("Service level", "Уровень обслуживания")
TARGET = Text("Target", "Цель")
AGAINST_TARGET = Text("Against target, points", "Отклонение от цели, п. п.")
OFFERED = Text("Offered", "Поступило")
ANSWERED = OUTCOMES["answered"]
ABANDONED = OUTCOMES["abandoned"]
SHORT = Text("of them short", "из них короткие")
ABANDONED_SHARE = Text("Abandoned, share", "Доля потерянных")
LEFT = Text("Left otherwise", "Ушли иначе")
OCCUPANCY = Text("Occupancy", "Занятость")
AVERAGE_WAIT = Text("Average wait", "Среднее ожидание")
AGENTS_BY_STATE = Text("Agents by state", "Операторы по состояниям")
TIME_IN_STATES = Text("Time in states", "Время в состояниях")
TODAY = Text("Today", "Сегодня")
