// What a language must be able to say. A missing text is a type error in that language's file.

import type { Freshness } from "../feed/freshness";
import type { AgentState, Direction, SourceState } from "../feed/messages";
import type { View } from "../views";

export interface Catalogue {
  readonly title: string;
  readonly shell: {
    readonly views: string;
    readonly view: Readonly<Record<View, string>>;
    readonly language: string;
    readonly theme: { readonly dark: string; readonly light: string };
    readonly connection: Readonly<Record<Freshness | "connecting", string>>;
    readonly connecting: string;
    readonly lost: string;
    readonly stale: string;
    readonly refused: (reason: string) => string;
    readonly lastTrue: (time: string) => string;
    readonly source: Readonly<Record<SourceState, string>>;
    readonly since: (time: string) => string;
    readonly wrongValues: (values: string) => string;
    readonly dismiss: string;
  };
  readonly level: { readonly warning: string; readonly critical: string };
  readonly state: Readonly<Record<AgentState, string>>;
  readonly direction: Readonly<Record<Direction, string>>;
  readonly queues: {
    readonly waiting: string;
    readonly longest: string;
    readonly level: string;
    readonly target: (share: string, seconds: string) => string;
    readonly inTime: (seconds: string) => string;
    readonly within: (met: string, of: string, seconds: string) => string;
    readonly answered: string;
    readonly abandoned: string;
    readonly short: (count: number) => string;
    readonly agents: string;
    readonly none: string;
    readonly noneChosen: string;
  };
  readonly agents: {
    readonly count: (count: number, shown: string) => string;
    readonly answered: string;
    readonly missed: string;
    readonly was: (state: string) => string;
    readonly pausedToo: string;
    readonly doNotDisturb: string;
    readonly none: string;
    readonly noneChosen: string;
  };
}
