// How far what is shown can be believed.

/** "live": heard within the last 10 s; "stale": connected, but silent; "lost": no connection. */
export type Freshness = "live" | "stale" | "lost";

/** Silence after which the picture is stale, ms: the server speaks at least every 5 s. */
export const STALE_AFTER = 10_000;

/** Silence after which the connection is taken for dead and replaced, ms. */
export const DEAD_AFTER = 15_000;

/** How fresh the picture of an open connection is; `silence`: ms since the server was heard. */
export function freshness(silence: number): Freshness {
  return silence < STALE_AFTER ? "live" : "stale";
}
