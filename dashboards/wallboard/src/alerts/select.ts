// Which alerts are shown, and which of them are news.

import type { Alert, Severity } from "../feed/messages";

const ORDER: readonly Severity[] = ["info", "warning", "critical"];
const gravity = (alert: Alert): number => ORDER.indexOf(alert.severity);

/** Those that fire, newest first. */
export function firing(alerts: readonly Alert[]): readonly Alert[] {
  return alerts
    .filter((alert) => alert.state === "firing")
    .sort((a, b) => b.since - a.since || gravity(b) - gravity(a) || (a.id < b.id ? -1 : 1));
}

/** The gravest that have room, newest first, and how many have none. */
export function gravestOf(
  alerts: readonly Alert[],
  room: number,
): { readonly shown: readonly Alert[]; readonly more: number } {
  const sorted = alerts.slice().sort((a, b) => gravity(b) - gravity(a) || b.since - a.since);
  const kept = new Set(sorted.slice(0, room));
  return { shown: alerts.filter((alert) => kept.has(alert)), more: Math.max(0, alerts.length - room) };
}

/** Those that did not fire before. */
export function news(before: ReadonlySet<string>, now: readonly Alert[]): readonly Alert[] {
  return now.filter((alert) => !before.has(alert.id));
}

/** Whether somebody must hear of it. */
export function isLoud(alert: Alert): boolean {
  return gravity(alert) > 0;
}

export function gravest(alerts: readonly Alert[]): Severity {
  return ORDER[Math.max(0, ...alerts.map(gravity))] || "info";
}
