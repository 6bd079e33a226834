// What the service's configuration says about the wallboard: GET /api/v1/wallboard.

import {
  DEFAULT_LIMITS,
  DEFAULT_STATE_LIMITS,
  type Limit,
  type Limits,
  MEASURES,
  type StateLimits,
  TIMED_STATES,
} from "./thresholds";

export interface Settings {
  /** Stands in the header instead of the product's name. */
  readonly title: string | null;
  /** IANA name of the zone in which times of day are told; `null`: the browser's. */
  readonly timezone: string | null;
  /** Of the service; `null` before it told. */
  readonly version: string | null;
  readonly limits: Limits;
  /** By queue id; what they don't say is as in `limits`. */
  readonly queues: ReadonlyMap<string, Limits>;
  readonly states: StateLimits;
}

export const DEFAULTS: Settings = {
  title: null,
  timezone: null,
  version: null,
  limits: DEFAULT_LIMITS,
  queues: new Map(),
  states: DEFAULT_STATE_LIMITS,
};

export function limitsOf(settings: Settings, queue: string): Limits {
  return settings.queues.get(queue) || settings.limits;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function limit(value: unknown, otherwise: Limit): Limit {
  if (!isObject(value)) return otherwise;
  const take = (key: "warning" | "critical"): number | null => {
    const found = value[key];
    return typeof found === "number" || found === null ? found : otherwise[key];
  };
  return { warning: take("warning"), critical: take("critical") };
}

/** Limits by key; what is missing or strange is as `otherwise` says. */
function limits<K extends string>(
  keys: readonly K[],
  value: unknown,
  otherwise: Readonly<Record<K, Limit>>,
): Readonly<Record<K, Limit>> {
  const given = isObject(value) ? value : {};
  const found = {} as Record<K, Limit>;
  for (const key of keys) found[key] = limit(given[key], otherwise[key]);
  return found;
}

/** Read an answer; what is missing or strange in it is as in the defaults. */
export function settingsFrom(answer: unknown): Settings {
  const given = isObject(answer) ? answer : {};
  const thresholds = isObject(given.thresholds) ? given.thresholds : {};
  const general = limits(MEASURES, thresholds, DEFAULT_LIMITS);
  const queues = new Map<string, Limits>();
  if (isObject(given.queues)) {
    for (const [id, own] of Object.entries(given.queues)) queues.set(id, limits(MEASURES, own, general));
  }
  return {
    title: text(given.title),
    timezone: text(given.timezone),
    version: text(given.version),
    limits: general,
    queues,
    states: limits(TIMED_STATES, thresholds.time_in_state, DEFAULT_STATE_LIMITS),
  };
}

/** Ask the service. `null` if it doesn't tell now. */
export async function fetchSettings(): Promise<Settings | null> {
  try {
    const response = await fetch("/api/v1/wallboard", { cache: "no-cache" });
    return response.ok ? settingsFrom(await response.json()) : null;
  } catch {
    return null;
  }
}
