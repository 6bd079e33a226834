// Which queues are shown, and in which order.

import type { Queue } from "../feed/messages";

/** The name of an id without its source: `sales` of `pbx1/sales`. */
export function localName(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

/** Whether one of the wanted ids or names means this queue; none wanted: all are. */
export function isWanted(
  queue: { readonly id: string; readonly name: string },
  wanted: readonly string[],
): boolean {
  if (wanted.length === 0) return true;
  const known = [queue.id, localName(queue.id), queue.name].map((text) => text.toLowerCase());
  return wanted.some((text) => known.indexOf(text.toLowerCase()) >= 0);
}

export function selectQueues(
  queues: readonly Queue[],
  wanted: readonly string[],
  compareNames: (a: string, b: string) => number,
): readonly Queue[] {
  return queues
    .filter((queue) => isWanted(queue, wanted))
    .sort((a, b) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
