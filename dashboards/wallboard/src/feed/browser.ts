// The browser as a connection's world.

import type { Connection, Socket, World } from "./connection";

/** The server names the feed by `ws://`; behind TLS the browser demands `wss://`. */
export function feedAddress(address: string, protocol: string): string {
  return protocol === "https:" ? address.replace(/^ws:/, "wss:") : address;
}

export const timers = {
  after: (ms: number, then: () => void): number => window.setTimeout(then, ms),
  cancel: (timer: number): void => window.clearTimeout(timer),
};

export function browserWorld(address: string): World {
  return {
    open: (): Socket => new WebSocket(address),
    now: () => performance.now(),
    random: Math.random,
    ...timers,
  };
}

/** A screen that wakes up, or whose network is back, need not wait for its turn. */
export function hurryWhenBack(connection: Connection): void {
  window.addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.hurry();
  });
}
