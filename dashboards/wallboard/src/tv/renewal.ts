// A screen that nobody touches for months gets the new program when the service has one.

import type { Timers } from "../time/ticker";

/** How long to wait when the service doesn't give its page yet, ms. */
export const AGAIN_AFTER = 10_000;

interface World extends Pick<Timers, "after"> {
  /** Whether the service would give its page now: a browser that is refused shows its own error for ever. */
  ready(): Promise<boolean>;
  reload(): void;
}

export class Renewal {
  private begun: string | null = null;
  private asked = false;

  constructor(private readonly world: World) {}

  /** The service is of this version; `alone`: nobody is there who could reload the page. Does so once. */
  told(version: string | null, alone: boolean): void {
    if (version === null) return;
    if (this.begun === null) this.begun = version;
    if (version === this.begun || !alone || this.asked) return;
    this.asked = true;
    this.tryToReload();
  }

  private tryToReload(): void {
    this.world.ready().then((ready) => {
      if (ready) this.world.reload();
      else this.world.after(AGAIN_AFTER, () => this.tryToReload());
    });
  }
}

/** The browser's world. */
export function pageWorld(timers: Timers): World {
  return {
    after: timers.after,
    ready: () =>
      fetch(window.location.pathname, { cache: "reload" }).then(
        (response) => response.ok,
        () => false,
      ),
    reload: () => window.location.reload(),
  };
}
