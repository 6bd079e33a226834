// Objects as the server sends them.

import type { Agent, AgentState, Delta, Heartbeat, Queue, Snapshot, Source } from "../src/feed/messages";
import { AGENT_STATES } from "../src/feed/messages";

export const EPOCH = "e1";
export const AT = 1_795_444_790;

export function agent(name: string, change: Partial<Agent> = {}): Agent {
  return {
    id: `pbx1/${name}`,
    name,
    team: null,
    source: "pbx1",
    endpoints: [],
    state: "available",
    last_state: null,
    since: AT,
    reason: null,
    presence: { paused: false, reason: null, since: null },
    call: null,
    queues: [],
    today: {
      answered: 0,
      missed: 0,
      outbound: 0,
      direct: 0,
      talk_seconds: 0,
      hold_seconds: 0,
      wrap_up_seconds: 0,
      paused_seconds: 0,
      available_seconds: 0,
      ringing_seconds: 0,
      dialing_seconds: 0,
      offline_seconds: 0,
      unknown_seconds: 0,
      occupancy: null,
      outcomes: {},
    },
    why: { rule: "", event: "", at: AT, id: null },
    do_not_disturb: false,
    ...change,
  };
}

export function memberOf(...queues: string[]): Pick<Agent, "queues"> {
  return {
    queues: queues.map((queue) => ({ queue, paused: false, reason: null, penalty: 0, wrap_up_until: null })),
  };
}

export function queue(name: string, change: Partial<Queue> = {}): Queue {
  const figures = {
    offered: 0,
    answered: 0,
    abandoned: 0,
    short_abandoned: 0,
    timed_out: 0,
    left: 0,
    service_level: { formula: "offered", value: null, met: 0, of: 0, threshold: 20, target: null },
    average_wait: null,
    longest_wait: null,
    average_handle_time: null,
    average_talk_time: null,
    abandonment_rate: null,
  };
  const agents = {} as Record<AgentState, number>;
  for (const state of AGENT_STATES) agents[state] = 0;
  return {
    id: `pbx1/${name}`,
    name,
    source: "pbx1",
    waiting: 0,
    longest_wait_since: null,
    agents,
    today: figures,
    last_30m: figures,
    ...change,
  };
}

export function source(change: Partial<Source> = {}): Source {
  return {
    id: "pbx1",
    adapter: "ami",
    state: "up",
    since: AT,
    last_event_at: AT,
    version: null,
    detail: null,
    ...change,
  };
}

export function snapshot(seq: number, change: Partial<Snapshot> = {}): Snapshot {
  return { type: "snapshot", epoch: EPOCH, seq, at: AT, ...change };
}

export function delta(since: number, seq: number, change: Partial<Delta> = {}): Delta {
  return { type: "delta", epoch: EPOCH, since, seq, at: AT, ...change };
}

export function heartbeat(seq: number, change: Partial<Heartbeat> = {}): Heartbeat {
  return { type: "heartbeat", epoch: EPOCH, seq, at: AT, ...change };
}
