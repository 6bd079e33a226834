"""Makes up a contact centre: people with Russian and international names, projects with their own ways."""
# ruff: noqa: RUF001 - Cyrillic names are the point

from __future__ import annotations

from itertools import count, product
from random import Random

from monitor.simulator.config import AgentSpec, QueueSpec, World

FIRST_NUMBER = 101

_CAST = (
    "Анна Петрова", "Boris Sidorov", "Екатерина Орлова", "Дмитрий Ким", "Olga O'Connor", "Марат Гайнуллин",
    "Ивáн Ёлкин", "Grace Müller", "Светлана Щукина", "Павел Жданов", "Łukasz Nowak", "Юлия Цой",
    "Тимур Алиев", "María José Núñez", "Никита Чернов", "Зоя Яковлева", "Артём Быков", "Fatima Zahra",
    "Людмила Хохлова", "Виктор Эйзен", "Chloé Dubois", "Ирина Фомина", "Сергей Лебедев", "Thuỳ Linh Trần",
)  # fmt: skip
_FIRST = (
    "Алексей", "Алина", "Вера", "Глеб", "Дарья", "Евгений", "Жанна", "Игорь", "Камила", "Леонид", "Мария", "Надежда",
    "Олег", "Полина", "Роман", "София", "Таисия", "Фёдор", "Emma", "Noah", "Aisha", "Jürgen", "Zoë", "Andrés",
)  # fmt: skip
_LAST = (
    "Агеев", "Белых", "Вишняк", "Гончаренко", "Дюма", "Ефимчук", "Живаго", "Зиненко", "Исаенко", "Коваль", "Лысенко",
    "Мороз", "Немченко", "Островских", "Пак", "Руденко", "Седых", "Тищенко", "Усик", "Хан", "Черных", "Шевченко",
    "Smith", "Rossi", "García", "Nguyễn", "Johansson", "Öztürk", "Silva", "Kowalczyk",
)  # fmt: skip

_PROJECTS = (
    QueueSpec(
        name="sales", strategy="rrmemory", wrap_up=30, talk=200, patience=80, share=1.1, exit_by_key=True
    ),
    QueueSpec(name="support", strategy="leastrecent", wrap_up=45, talk=240, patience=170, max_wait=300),
    QueueSpec(name="retention", strategy="fewestcalls", wrap_up=30, talk=220, patience=100, auto_pause=True),
    QueueSpec(name="vip", strategy="ringall", timeout=12, wrap_up=20, talk=180, patience=120, share=0.6),
)
_STRATEGIES = ("rrmemory", "leastrecent", "fewestcalls", "random", "linear")


def names(number: int) -> list[str]:
    """Return that many different names, the same ones each time."""
    made = list(_CAST)
    for round_ in count(1):
        for last, first in product(_LAST, _FIRST):
            if len(made) >= number:
                return made[:number]
            made.append(f"{first} {last}" if round_ == 1 else f"{first} {last} {round_}")
    return made


def make_world(agents: int, queues: int, seed: int) -> World:
    """Return a contact centre of that size; the same seed gives the same one."""
    random = Random(f"world {seed}")
    specs = tuple(_queue(index, random) for index in range(queues))
    general = [spec.name for spec in specs if spec.strategy != "ringall"] or [spec.name for spec in specs]
    few = [spec.name for spec in specs if spec.name not in general]
    staff = []
    for index, name in enumerate(names(agents)):
        own = [general[index % len(general)]]
        if len(general) > 1 and random.random() < 0.4:
            own.append(random.choice([queue for queue in general if queue not in own]))
        own += [queue for place, queue in enumerate(few) if index in _small_group(place, len(few))]
        staff.append(
            AgentSpec(
                number=str(FIRST_NUMBER + index),
                name=name,
                queues=tuple(own),
                style="freepbx" if index % 6 == 3 else "pjsip",
                dynamic=index % 3 == 1,
                penalty=1 if index % 11 == 10 else 0,
                signed_on=random.random() < 0.85,
            )
        )
    return World(queues=specs, agents=tuple(staff))


def _small_group(place: int, groups: int) -> range:
    """Return who is in a ring-all queue: never many, since each call rings them all."""
    return range(place, 12 * 4 * groups, 4 * groups)


def _queue(index: int, random: Random) -> QueueSpec:
    if index < len(_PROJECTS):
        return _PROJECTS[index]
    return QueueSpec(
        name=f"project{index + 1}",
        strategy=random.choice(_STRATEGIES),  # type: ignore[arg-type] # choice() widens the literals to str
        wrap_up=random.choice((10, 15, 20, 30)),
        talk=random.choice((120, 180, 240)),
        patience=random.choice((60, 90, 150)),
    )
