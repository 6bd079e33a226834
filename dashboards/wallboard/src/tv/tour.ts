// The rotation of TV mode, running: as the address says, from view to view.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Address, Place } from "../address";
import type { Paging } from "../layout/paging";
import type { Timers } from "../time/ticker";
import type { View } from "../views";
import { begin, pause, type Rotation, remaining, step, withPages } from "./rotation";

/** A page has a timer of its own per turn; `now` is monotonic, ms. */
type Clock = Timers & { now(): number };

export class Tour {
  private readonly state = signal<Rotation>(begin(0, 0));
  /** What of the address matters here, as text: other choices don't begin it anew. */
  private readonly chosen: ReadonlySignal<string | null>;
  private readonly turned: Paging;
  private timer = 0;

  constructor(
    private readonly address: ReadonlySignal<Address>,
    private readonly clock: Clock,
  ) {
    this.chosen = computed(() => {
      const { tv, place, views, every } = address.value;
      return tv && place.kind === "view" ? JSON.stringify([place.view, views, every]) : null;
    });
    effect(() => {
      this.chosen.value;
      const { place, views } = this.address.peek();
      const first = place.kind === "view" ? views.indexOf(place.view) : 0;
      this.state.value = begin(Math.max(0, first), this.clock.now());
    });
    effect(() => this.wait(this.state.value));
    this.turned = {
      page: computed(() => this.state.value.page),
      pages: (count) => {
        if (count !== this.state.peek().pages) this.state.value = withPages(this.state.peek(), count);
      },
    };
  }

  /** What is to be seen now, in TV mode or not. TV mode stays with an agent's or a queue's own page. */
  get place(): Place {
    return this.chosen.value === null ? this.address.value.place : { kind: "view", view: this.view };
  }

  /** In TV mode nobody scrolls. */
  get paging(): Paging | null {
    return this.address.value.tv ? this.turned : null;
  }

  get rotation(): ReadonlySignal<Rotation> {
    return this.state;
  }

  get views(): readonly View[] {
    return this.address.value.views;
  }

  get view(): View {
    return this.views[this.state.value.index] || "overview";
  }

  /** Whether there is more than one picture to show. */
  get moves(): boolean {
    return this.chosen.value !== null && (this.views.length > 1 || this.state.value.pages > 1);
  }

  step(by: 1 | -1): void {
    this.state.value = step(this.state.peek(), by, this.address.peek().views.length, this.clock.now());
  }

  pause(): void {
    this.state.value = pause(this.state.peek(), this.clock.now());
  }

  private wait(rotation: Rotation): void {
    this.clock.cancel(this.timer);
    if (this.chosen.value === null) return;
    const { every, views } = this.address.peek();
    const left = remaining(rotation, every, views.length, this.clock.now());
    if (left !== null) this.timer = this.clock.after(left, () => this.step(1));
  }
}
