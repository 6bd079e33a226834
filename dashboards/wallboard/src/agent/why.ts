// The rules that put an agent into a state: monitor/engine/derive.py.

const RULES = [
  "source_lost",
  "source_not_synchronised",
  "endpoint_unknown",
  "leg_answered",
  "legs_held",
  "leg_dialing",
  "leg_ringing",
  "queue_call",
  "device_in_use",
  "device_ringing",
  "endpoint_unreachable",
  "no_member",
  "signed_off",
  "wrap_up",
  "paused",
  "free",
] as const;
export type Rule = (typeof RULES)[number];

/** The rule by its name; `null` for one that a newer server may have. */
export function ruleOf(slug: string): Rule | null {
  return RULES.find((rule) => rule === slug) || null;
}
