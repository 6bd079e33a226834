// What the feed sends: the classes of monitor/model.py, as /api/openapi.json describes them.
// Times are unix seconds of the server's clock, durations are seconds; an id is "source/name".

export const AGENT_STATES = [
  "available",
  "ringing",
  "dialing",
  "talking",
  "on_hold",
  "wrap_up",
  "paused",
  "offline",
  "unknown",
] as const;
export type AgentState = (typeof AGENT_STATES)[number];

export type Direction = "inbound_queue" | "inbound_direct" | "outbound" | "internal";
export type CallState = "waiting" | "ringing" | "talking" | "on_hold";
export type SourceState = "connecting" | "synchronising" | "up" | "lost";
export type Severity = "info" | "warning" | "critical";

export interface AgentCall {
  readonly id: string;
  readonly direction: Direction;
  readonly queue: string | null;
  /** The other side's number, masked by the server. */
  readonly party: string | null;
  readonly started: number;
  readonly answered: number | null;
  readonly held_since: number | null;
}

export interface Membership {
  readonly queue: string;
  readonly paused: boolean;
  readonly reason: string | null;
  readonly penalty: number;
  readonly wrap_up_until: number | null;
}

export interface AgentFigures {
  readonly answered: number;
  readonly missed: number;
  readonly outbound: number;
  readonly direct: number;
  readonly talk_seconds: number;
  readonly hold_seconds: number;
  readonly wrap_up_seconds: number;
  readonly paused_seconds: number;
  readonly available_seconds: number;
  readonly ringing_seconds: number;
  readonly dialing_seconds: number;
  readonly offline_seconds: number;
  readonly unknown_seconds: number;
  readonly occupancy: number | null;
  /** Business outcomes noted by the agent: how often each. */
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly team: string | null;
  readonly source: string;
  readonly endpoints: readonly string[];
  readonly state: AgentState;
  /** The state before the source was lost, while `state` is "unknown". */
  readonly last_state: AgentState | null;
  readonly since: number;
  /** The pause reason while `state` is "paused". */
  readonly reason: string | null;
  readonly presence: {
    readonly paused: boolean;
    readonly reason: string | null;
    readonly since: number | null;
  };
  readonly call: AgentCall | null;
  readonly queues: readonly Membership[];
  readonly today: AgentFigures;
  readonly why: {
    readonly rule: string;
    readonly event: string;
    readonly at: number;
    readonly id: string | null;
  };
  readonly do_not_disturb: boolean;
}

export interface ServiceLevel {
  readonly formula: string;
  /** 0…1, or `null` where nothing can be said. */
  readonly value: number | null;
  readonly met: number;
  readonly of: number;
  readonly threshold: number;
  readonly target: number | null;
}

export interface QueueFigures {
  readonly offered: number;
  readonly answered: number;
  /** Short ones included. */
  readonly abandoned: number;
  readonly short_abandoned: number;
  readonly timed_out: number;
  readonly left: number;
  readonly service_level: ServiceLevel;
  readonly average_wait: number | null;
  readonly longest_wait: number | null;
  readonly average_handle_time: number | null;
  readonly average_talk_time: number | null;
  readonly abandonment_rate: number | null;
}

export interface Queue {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly waiting: number;
  readonly longest_wait_since: number | null;
  readonly agents: Readonly<Record<AgentState, number>>;
  readonly today: QueueFigures;
  readonly last_30m: QueueFigures;
}

export interface Call {
  readonly id: string;
  readonly source: string;
  readonly queue: string | null;
  readonly direction: Direction;
  readonly state: CallState;
  readonly party: string | null;
  readonly agent: string | null;
  readonly started: number;
  readonly queued_at: number | null;
  readonly answered_at: number | null;
  readonly position: number | null;
}

export interface Source {
  readonly id: string;
  readonly adapter: string;
  readonly state: SourceState;
  readonly since: number;
  readonly last_event_at: number | null;
  readonly version: string | null;
  readonly detail: string | null;
}

export interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly state: "pending" | "firing" | "resolved";
  readonly since: number;
  readonly labels: Readonly<Record<string, string>>;
  /** In the service's language. */
  readonly summary: string;
  /** By language. */
  readonly summaries: Readonly<Record<string, string>>;
  readonly value: number | string | null;
  readonly acknowledged: { readonly by: string; readonly why: string; readonly at: number } | null;
  /** The silence that keeps it quiet. */
  readonly silenced: string | null;
  /** Explained by another one: its source is lost. */
  readonly inhibited: boolean;
}

/** The kinds of objects, by their name in messages. */
export interface Entities {
  agents: Agent;
  queues: Queue;
  calls: Call;
  alerts: Alert;
  sources: Source;
}
export type Topic = keyof Entities;
export const TOPICS: readonly Topic[] = ["agents", "queues", "calls", "alerts", "sources"];

/** What of the feed's history is known: up to where, of which run of the server. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

interface Timed extends Position {
  /** The server's clock when the message left. */
  readonly at: number;
}

type Objects = { readonly [K in Topic]?: readonly Entities[K][] };
type Removed = { readonly [K in Topic as `${K}_removed`]?: readonly string[] };

export interface Snapshot extends Timed, Objects {
  readonly type: "snapshot";
}
export interface Delta extends Timed, Objects, Removed {
  readonly type: "delta";
  /** The `seq` that it follows on. */
  readonly since: number;
}
export interface Heartbeat extends Timed {
  readonly type: "heartbeat";
}
/** Why the server closes the connection now. */
export interface Refusal {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
}
export type Truth = Snapshot | Delta | Heartbeat;
export type Message = Truth | Refusal;
