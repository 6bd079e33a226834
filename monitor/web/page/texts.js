// The page's words, in the language of `?lang=` or else of the browser.

const TEXTS = {
  en: {
    title: "Operator Monitor",
    queues: "Queues",
    queue: "Queue",
    waiting: "Waiting",
    longest: "Longest wait",
    level: "Service level",
    answered: "Answered",
    missed: "Missed",
    abandoned: "Abandoned",
    agents: "Agents",
    nobody: "No agents yet. They appear as soon as a source knows of them.",
    state: {
      available: "Available",
      ringing: "Ringing",
      dialing: "Dialing",
      talking: "Talking",
      on_hold: "On hold",
      wrap_up: "Wrap-up",
      paused: "Paused",
      offline: "Offline",
      unknown: "Unknown",
    },
    direction: { inbound_direct: "direct call", outbound: "outbound", internal: "internal" },
    source: { connecting: "connecting", synchronising: "synchronising", up: "up", lost: "connection lost" },
    live: "Live",
    stale: (time) => `Stale: nothing heard since ${time}`,
    lost: (time) => (time ? `Connection lost, reconnecting · as of ${time}` : "Connecting …"),
    was: (state) => `was: ${state}`,
    since: (time) => `since ${time}`,
    pausedToo: "Paused",
    dnd: "Do not disturb",
    met: "target met",
    below: "below target",
    within: (met, of, seconds) => `${met} of ${of} within ${seconds} s`,
    target: (share) => `target ${share}`,
    short: (count) => `${count} short`,
  },
  ru: {
    title: "Монитор операторов",
    queues: "Очереди",
    queue: "Очередь",
    waiting: "Ждут",
    longest: "Дольше всех",
    level: "Уровень сервиса",
    answered: "Отвечено",
    missed: "Пропущено",
    abandoned: "Потеряно",
    agents: "Операторы",
    nobody: "Операторов пока нет. Они появятся, как только о них узнает источник.",
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
    direction: { inbound_direct: "прямой", outbound: "исходящий", internal: "внутренний" },
    source: {
      connecting: "соединение",
      synchronising: "синхронизация",
      up: "на связи",
      lost: "связь потеряна",
    },
    live: "На связи",
    stale: (time) => `Данные устарели: тишина с ${time}`,
    lost: (time) => (time ? `Связь потеряна, соединяемся снова · данные на ${time}` : "Соединение …"),
    was: (state) => `было: ${state}`,
    since: (time) => `с ${time}`,
    pausedToo: "Пауза",
    dnd: "Не беспокоить",
    met: "цель достигнута",
    below: "ниже цели",
    within: (met, of, seconds) => `${met} из ${of} за ${seconds} с`,
    target: (share) => `цель ${share}`,
    short: (count) => `коротких: ${count}`,
  },
};

function chosenLanguage() {
  const wanted = [new URLSearchParams(location.search).get("lang"), ...(navigator.languages || [])];
  const known = wanted.map((tag) => (tag || "").toLowerCase().split("-")[0]).find((tag) => tag in TEXTS);
  return known || "en";
}

export const language = chosenLanguage();
export const texts = TEXTS[language];

const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const share = (value) => (value === null ? "–" : percent.format(value));
export const number = (value) => whole.format(value);
export const timeOfDay = (at) => clock.format(new Date(at * 1000));
export const compareNames = new Intl.Collator(language, { numeric: true }).compare;

/** `1:05`, `1:02:03`; never negative. */
export function duration(seconds) {
  const total = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const rest = String(total % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Put the words of the chosen language into the page as it came. */
export function translatePage() {
  document.documentElement.lang = language;
  document.title = texts.title;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
  }
  for (const link of document.querySelectorAll("[data-lang]")) {
    if (link.dataset.lang === language) link.setAttribute("aria-current", "true");
  }
}
