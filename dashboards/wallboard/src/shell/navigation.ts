// The address as a signal: it changes without a reload, and "back" works.

import { type ReadonlySignal, signal } from "@preact/signals-core";
import { type Address, format, parse, type Wrong } from "../address";

export class Navigation {
  private readonly chosen = signal<Address>(parse("").address);
  private readonly misread = signal<readonly Wrong[]>([]);

  constructor(private readonly window: Pick<Window, "location" | "history" | "addEventListener">) {
    this.read();
    window.addEventListener("popstate", () => this.read());
  }

  get address(): ReadonlySignal<Address> {
    return this.chosen;
  }

  /** Values of the address that were not understood. */
  get wrong(): ReadonlySignal<readonly Wrong[]> {
    return this.misread;
  }

  /** The address with a change, for a link. */
  href(change: Partial<Address>): string {
    const { pathname } = this.window.location;
    return pathname + format({ ...this.chosen.value, ...change });
  }

  /** Go there. `replace`: no new step for "back" (how it looks, not what is seen). */
  go(change: Partial<Address>, { replace = false }: { replace?: boolean } = {}): void {
    const { history } = this.window;
    const href = this.href(change);
    if (replace) history.replaceState(null, "", href);
    else history.pushState(null, "", href);
    this.read();
  }

  /** Say no more of what was wrong in the address. */
  dismiss(): void {
    this.misread.value = [];
  }

  private read(): void {
    const { address, wrong } = parse(this.window.location.search);
    this.chosen.value = address;
    this.misread.value = wrong;
  }
}
