// A span in words.

import type { Catalogue } from "../i18n/catalogue";
import { duration, type Format } from "../i18n/format";
import type { Span } from "./day";

export function stateWord(span: Span, t: Catalogue): string {
  return span.gap === true ? t.agent.noData : t.state[span.state];
}

/** The reason of the pause, or the queue (else the kind) of the call. */
export function spanAbout(span: Span, t: Catalogue, queueName: (id: string) => string): string {
  if (span.reason !== null) return span.reason;
  const kind = span.direction === null ? "" : t.direction[span.direction];
  if (span.queue === null) return kind;
  return span.direction === "inbound_queue" || kind === ""
    ? queueName(span.queue)
    : `${queueName(span.queue)}, ${kind}`;
}

/** For those who have it read aloud. */
export function spanSentence(
  span: Span,
  now: number,
  t: Catalogue,
  format: Format,
  queueName: (id: string) => string,
): string {
  const end = span.end === null ? t.agent.now : format.timeOfDay(span.end);
  const length = duration((span.end === null ? now : span.end) - span.start);
  const parts = [
    stateWord(span, t),
    spanAbout(span, t, queueName),
    `${format.timeOfDay(span.start)} – ${end}`,
    length,
  ];
  return parts.filter((part) => part !== "").join(", ");
}
