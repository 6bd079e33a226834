// Who belongs to a queue: its members, and those who wait in it.

import { isWaiting, type Waiting } from "../calls/select";
import type { Agent, Call } from "../feed/messages";

export function membersOf(agents: readonly Agent[], queue: string): readonly Agent[] {
  return agents.filter((agent) => agent.queues.some((membership) => membership.queue === queue));
}

/** In the order in which they are next. */
export function callersOf(calls: readonly Call[], queue: string): readonly Waiting[] {
  const place = (call: Waiting): number => (call.position === null ? Number.MAX_SAFE_INTEGER : call.position);
  return calls
    .filter(isWaiting)
    .filter((call) => call.queue === queue)
    .sort((a, b) => place(a) - place(b) || a.queued_at - b.queued_at || (a.id < b.id ? -1 : 1));
}
