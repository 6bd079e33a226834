// What the service says of itself, asked for again whenever that may have changed.

import { effect, type ReadonlySignal } from "@preact/signals-core";
import type { Timers } from "../time/ticker";

/** How long to wait when the service doesn't tell, ms. */
export const ASK_AGAIN = 5_000;

/** Ask at each new `occasion` (`null`: none yet) until an answer comes; `take` is given the answer to the last one. */
export function follow<T>(
  occasion: ReadonlySignal<string | null>,
  ask: () => Promise<T | null>,
  take: (answer: T) => void,
  timers: Pick<Timers, "after">,
): void {
  let latest: string | null = null;
  effect(() => {
    const mine = occasion.value;
    latest = mine;
    if (mine === null) return;
    const attempt = () => {
      if (mine !== latest) return;
      void ask().then((answer) => {
        if (mine !== latest) return;
        if (answer !== null) take(answer);
        else timers.after(ASK_AGAIN, attempt);
      });
    };
    attempt();
  });
}
