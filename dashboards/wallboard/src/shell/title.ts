// What the browser's tab says: what is seen, then whose wallboard it is.

import type { Board } from "./board";

export function titleOf({
  live,
  navigation,
  settings,
  words,
}: Pick<Board, "live" | "navigation" | "settings" | "words">): string {
  const { t } = words.value;
  const { place, tv } = navigation.address.value;
  const whole = settings.value.title || t.title;
  if (tv) return whole; // it shows now this, now that
  if (place.kind === "view") return `${t.shell.view[place.view]} · ${whole}`;
  const table = live.tables[place.kind === "agent" ? "agents" : "queues"];
  table.ids.value; // it may appear yet
  const cell = table.cell(place.id);
  return `${cell === undefined ? place.id : cell.value.name} · ${whole}`;
}
