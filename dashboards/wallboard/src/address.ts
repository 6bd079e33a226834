// Everything that is chosen stands in the page's address: a screen on the wall starts with it alone.

import { AGENT_STATES, type AgentState } from "./feed/messages";
import { LANGUAGES, type Language } from "./i18n/format";
import { SUBJECTS, type Subject, VIEWS, type View } from "./views";

export const SORTS = ["state", "time", "name"] as const;
export type Sort = (typeof SORTS)[number];
export const THEMES = ["dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

/** How long TV mode stays on a view, s. */
export const EVERY = { least: 5, most: 3600, usual: 20 } as const;

/** A view of everything, or the page of one agent or queue (by id). */
export type Place =
  | { readonly kind: "view"; readonly view: View }
  | { readonly kind: Subject; readonly id: string };

export interface Address {
  readonly place: Place;
  /** Ids or names of queues; empty: all. */
  readonly queues: readonly string[];
  readonly teams: readonly string[];
  readonly states: readonly AgentState[];
  readonly sort: Sort;
  readonly language: Language | null;
  readonly theme: Theme | null;
  readonly sound: boolean;
  readonly tv: boolean;
  /** What TV mode shows in turn. */
  readonly views: readonly View[];
  /** Seconds per view in TV mode. */
  readonly every: number;
}

/** A value that was not understood, and left out. */
export interface Wrong {
  readonly key: string;
  readonly value: string;
}

export const HOME: Address = {
  place: { kind: "view", view: "overview" },
  queues: [],
  teams: [],
  states: [],
  sort: "state",
  language: null,
  theme: null,
  sound: false,
  tv: false,
  views: VIEWS,
  every: EVERY.usual,
};

/** Read `location.search`; `subjects`: whose pages can be asked for. */
export function parse(
  search: string,
  subjects: readonly Subject[] = SUBJECTS,
): { readonly address: Address; readonly wrong: readonly Wrong[] } {
  const given = new URLSearchParams(search);
  const wrong: Wrong[] = [];

  /** The value if it is one of those known, else `otherwise`. */
  function one<T extends string, E>(key: string, known: readonly T[], otherwise: E): T | E {
    const value = given.get(key);
    if (value === null) return otherwise;
    const found = known.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    wrong.push({ key, value });
    return otherwise;
  }

  /** Values separated by commas or given by repeating the key. */
  function list(key: string): string[] {
    const values = given.getAll(key).join(",").split(",");
    return unique(values.map((value) => value.trim()).filter((value) => value !== ""));
  }

  function some<T extends string>(key: string, known: readonly T[]): T[] {
    return list(key).filter((value): value is T => {
      const is = known.some((candidate) => candidate === value);
      if (!is) wrong.push({ key, value });
      return is;
    });
  }

  function place(): Place {
    for (const kind of subjects) {
      const id = given.get(kind);
      if (id !== null && id !== "") return { kind, id };
    }
    return { kind: "view", view: one("view", VIEWS, "overview") };
  }

  function seconds(): number {
    const value = given.get("every");
    if (value === null) return EVERY.usual;
    const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= EVERY.least && number <= EVERY.most) return number;
    wrong.push({ key: "every", value });
    return EVERY.usual;
  }

  const views = some("views", VIEWS);
  const tv = given.has("tv") && one("tv", ["", "1", "on", "off", "0"], "off");
  const address: Address = {
    place: place(),
    queues: list("queues"),
    teams: list("team"),
    states: some("state", AGENT_STATES),
    sort: one("sort", SORTS, HOME.sort),
    language: one("lang", LANGUAGES, null),
    theme: one("theme", THEMES, null),
    sound: one("sound", ["on", "off"], "off") === "on",
    tv: tv !== false && tv !== "off" && tv !== "0",
    views: views.length > 0 ? views : VIEWS,
    every: seconds(),
  };
  return { address, wrong };
}

/** Write it as a search part, shortest form: `""` or `"?…"`. */
export function format(address: Address): string {
  const parts: string[] = [];
  const put = (key: string, value: string) => parts.push(value === "" ? key : `${key}=${encode(value)}`);
  const { place } = address;
  if (place.kind !== "view") put(place.kind, place.id);
  else if (place.view !== "overview") put("view", place.view);
  if (address.queues.length > 0) put("queues", address.queues.join(","));
  if (address.teams.length > 0) put("team", address.teams.join(","));
  if (address.states.length > 0) put("state", address.states.join(","));
  if (address.sort !== HOME.sort) put("sort", address.sort);
  if (address.language !== null) put("lang", address.language);
  if (address.theme !== null) put("theme", address.theme);
  if (address.sound) put("sound", "on");
  if (address.tv) put("tv", "");
  if (address.views.join() !== VIEWS.join()) put("views", address.views.join(","));
  if (address.every !== EVERY.usual) put("every", String(address.every));
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** As little encoded as may be: an address is read by people and copied from a kiosk's settings. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/%2F/g, "/").replace(/%2C/g, ",");
}

function unique<T>(values: readonly T[]): T[] {
  return Array.from(new Set(values));
}
