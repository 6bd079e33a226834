import type { Catalogue } from "./catalogue";
import { pluralOf } from "./format";

const form = pluralOf("ru");

export const ru: Catalogue = {
  title: "Монитор операторов",
  shell: {
    views: "Виды",
    view: { overview: "Обзор", agents: "Операторы" },
    language: "Язык",
    theme: { dark: "Тёмные цвета", light: "Светлые цвета" },
    connection: { live: "На связи", stale: "Тишина", lost: "Нет связи", connecting: "Соединение" },
    connecting: "Соединение …",
    lost: "Связь потеряна, соединяемся снова",
    stale: "От сервера ничего не слышно",
    refused: (reason) => `Сервер отказывает: ${reason}`,
    lastTrue: (time) => `Данные на ${time}`,
    source: {
      connecting: "соединение",
      synchronising: "синхронизация",
      up: "на связи",
      lost: "связь потеряна",
    },
    since: (time) => `с ${time}`,
    wrongValues: (values) => `В адресе указано то, чего нет: ${values}`,
    dismiss: "Закрыть",
  },
  level: { warning: "внимание", critical: "критично" },
  state: {
    available: "Свободен",
    ringing: "Вызов",
    dialing: "Набор",
    talking: "Разговор",
    on_hold: "Удержание",
    wrap_up: "Обработка",
    paused: "Пауза",
    offline: "Не в сети",
    unknown: "Неизвестно",
  },
  direction: {
    inbound_queue: "очередь",
    inbound_direct: "прямой",
    outbound: "исходящий",
    internal: "внутренний",
  },
  queues: {
    waiting: "Ждут",
    longest: "Дольше всех",
    level: "Уровень сервиса",
    target: (share, seconds) => `цель ${share} за ${seconds} с`,
    inTime: (seconds) => `за ${seconds} с`,
    within: (met, of, seconds) => `${met} из ${of} за ${seconds} с`,
    answered: "Отвечено",
    abandoned: "Потеряно",
    short: (count) =>
      `${count} ${form(count, { one: "короткий", few: "коротких", many: "коротких", other: "короткого" })}`,
    agents: "Операторы по состояниям",
    none: "Очередей пока нет. Они появятся, как только о них узнает источник.",
    noneChosen: "Очередей, выбранных в адресе, нет.",
  },
  agents: {
    count: (count, shown) =>
      `${shown} ${form(count, { one: "оператор", few: "оператора", many: "операторов", other: "оператора" })}`,
    answered: "Отвечено",
    missed: "Пропущено",
    was: (state) => `было: ${state}`,
    pausedToo: "Пауза",
    doNotDisturb: "Не беспокоить",
    none: "Операторов пока нет. Они появятся, как только о них узнает источник.",
    noneChosen: "Операторов, указанных в адресе, нет.",
  },
};
