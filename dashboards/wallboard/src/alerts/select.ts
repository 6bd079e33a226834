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

/** Whether it is kept quiet: a colleague silenced it, or its source is lost, which is said anyway. */
export const isQuiet = (alert: Alert): boolean => alert.silenced !== null || alert.inhibited;

/** What it says, in a language if it knows that. */
export const saying = (alert: Alert, language: string): string => alert.summaries[language] || alert.summary;

/** Who cares for it, and how: `Anna: calling them back`. */
export function carer({ acknowledged }: Alert): string {
  if (acknowledged === null) return "";
  return acknowledged.why === "" ? acknowledged.by : `${acknowledged.by}: ${acknowledged.why}`;
}

/** What gives it a place: whatever somebody cares for makes room for the rest. */
const urgency = (alert: Alert): number => (alert.acknowledged === null ? gravity(alert) : -1);

/** The gravest that have room, newest first, and how many have none. */
export function gravestOf(
  alerts: readonly Alert[],
  room: number,
): { readonly shown: readonly Alert[]; readonly more: number } {
  const sorted = alerts.slice().sort((a, b) => urgency(b) - urgency(a) || b.since - a.since);
  const kept = new Set(sorted.slice(0, room));
  return { shown: alerts.filter((alert) => kept.has(alert)), more: Math.max(0, alerts.length - room) };
}

/** Those that nobody was called for yet, and nobody cares for. */
export function news(called: ReadonlySet<string>, now: readonly Alert[]): readonly Alert[] {
  return now.filter((alert) => !called.has(alert.id) && !isQuiet(alert) && alert.acknowledged === null);
}

/** Whether somebody must hear of it. */
export function isLoud(alert: Alert): boolean {
  return gravity(alert) > 0;
}

export function gravest(alerts: readonly Alert[]): Severity {
  return ORDER[Math.max(0, ...alerts.map(gravity))] || "info";
}
