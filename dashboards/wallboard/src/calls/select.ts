// Who waits, and in which order.

import type { Call, Queue } from "../feed/messages";
import { isWanted, localName } from "../queues/select";

/** A caller who waits in a queue. */
export interface Waiting extends Call {
  readonly queue: string;
  readonly queued_at: number;
}

export function isWaiting(call: Call): call is Waiting {
  return call.state === "waiting" && call.queue !== null && call.queued_at !== null;
}

/** The callers who wait in the wanted queues, those who wait longest first; `queue`: finds a queue by id. */
export function selectWaiting(
  calls: readonly Call[],
  queue: (id: string) => Queue | undefined,
  wanted: readonly string[],
): readonly Waiting[] {
  return calls
    .filter(isWaiting)
    .filter((call) => isWanted(queue(call.queue) || { id: call.queue, name: localName(call.queue) }, wanted))
    .sort((a, b) => a.queued_at - b.queued_at || (a.id < b.id ? -1 : 1));
}
