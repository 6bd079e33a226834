// Looks for alerts that begin to fire while the page is open: these are called out, and may sound.

import { effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Alert, Severity } from "../feed/messages";
import { firing, gravest, isLoud, news } from "./select";

interface Told {
  readonly epoch: ReadonlySignal<string | null>;
  readonly tables: { readonly alerts: { all(): readonly Alert[] } };
}

export class AlertWatch {
  private readonly last = signal<readonly Alert[]>([]);

  /** `ring` is called for new warnings and critical alerts, with the gravest severity among those that came together. */
  constructor(live: Told, ring: (severity: Severity) => void) {
    let called: ReadonlySet<string> | null = null;
    effect(() => {
      if (live.epoch.value === null) return;
      const now = firing(live.tables.alerts.all());
      const before = called || new Set();
      const found = news(before, now);
      const fresh = called === null ? [] : found; // what fired already when the page began is no news
      // one that is quiet for a while is not called out again; one that always was is, when that ends
      called = new Set(
        now.filter((alert) => before.has(alert.id) || found.includes(alert)).map(({ id }) => id),
      );
      if (fresh.length > 0) this.last.value = fresh;
      if (fresh.some(isLoud)) ring(gravest(fresh));
    });
  }

  /** What came last, together. */
  get fresh(): ReadonlySignal<readonly Alert[]> {
    return this.last;
  }
}
