// What every view works with. `useBoard()` gives it; reading a signal's `.value` in a component redraws that one.

import type { ReadonlySignal } from "@preact/signals-core";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Theme } from "../address";
import type { Bell } from "../alerts/sound";
import type { AlertWatch } from "../alerts/watch";
import type { Live } from "../feed/live";
import type { Words } from "../i18n/words";
import type { Settings } from "../settings";
import type { ServerClock } from "../time/serverClock";
import type { Ticker } from "../time/ticker";
import type { Tour } from "../tv/tour";
import type { Navigation } from "./navigation";

export interface Board {
  readonly live: Live;
  readonly clock: ServerClock;
  readonly ticker: Ticker;
  readonly navigation: Navigation;
  readonly tour: Tour;
  readonly alerts: Pick<AlertWatch, "fresh">;
  readonly bell: Pick<Bell, "blocked">;
  readonly settings: ReadonlySignal<Settings>;
  readonly words: ReadonlySignal<Words>;
  readonly theme: ReadonlySignal<Theme>;
}

export const BoardContext = createContext<Board | null>(null);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  if (board === null) throw new Error("a view is drawn outside of the board");
  return board;
}

/** The texts and formats of the language chosen now. */
export function useWords(): Words {
  return useBoard().words.value;
}
