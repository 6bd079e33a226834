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
    let before: ReadonlySet<string> | null = null;
    effect(() => {
      if (live.epoch.value === null) return;
      const now = firing(live.tables.alerts.all());
      const fresh = before === null ? [] : news(before, now); // what fired already when the page began is no news
      before = new Set(now.map((alert) => alert.id));
      if (fresh.length > 0) this.last.value = fresh;
      if (fresh.some(isLoud)) ring(gravest(fresh));
    });
  }

  /** What came last, together. */
  get fresh(): ReadonlySignal<readonly Alert[]> {
    return this.last;
  }
}
