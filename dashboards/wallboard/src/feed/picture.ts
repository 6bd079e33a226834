// The page's copy of the server's picture: one signal per object, so that only what changed is drawn again.

import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { type Entities, type Position, TOPICS, type Topic, type Truth } from "./messages";

/** The objects of one kind by id. */
export class Table<T extends { readonly id: string }> {
  private readonly cells = new Map<string, Signal<T>>();
  private readonly order = signal<readonly string[]>([]);
  private readonly changes = signal(0);

  /** The ids; changes only when an object comes or goes. */
  get ids(): ReadonlySignal<readonly string[]> {
    return this.order;
  }

  /** A number that changes whenever any object does: for what is computed from all of them. */
  get version(): ReadonlySignal<number> {
    return this.changes;
  }

  /** The object's signal, or `undefined` if there is none now. It is the same one as long as the object is there. */
  cell(id: string): ReadonlySignal<T> | undefined {
    return this.cells.get(id);
  }

  /** The object as it is now, without subscribing to it. */
  peek(id: string): T | undefined {
    const cell = this.cells.get(id);
    return cell?.peek();
  }

  /** All objects; who reads them in an effect, a computed value or a component follows every change. */
  all(): readonly T[] {
    this.changes.value;
    return Array.from(this.cells.values(), (cell) => cell.peek());
  }

  /** Take changed objects and forget removed ones; `whole`: what is not among them is gone. */
  apply(objects: readonly T[], removed: readonly string[], whole: boolean): void {
    const gone = whole ? this.missingFrom(objects) : removed;
    let membership = false;
    for (const id of gone) membership = this.cells.delete(id) || membership;
    for (const object of objects) {
      const cell = this.cells.get(object.id);
      if (cell === undefined) {
        this.cells.set(object.id, signal(object));
        membership = true;
      } else {
        cell.value = object;
      }
    }
    if (membership) this.order.value = Array.from(this.cells.keys());
    if (membership || objects.length > 0) this.changes.value += 1;
  }

  private missingFrom(objects: readonly T[]): readonly string[] {
    const kept = new Set(objects.map((object) => object.id));
    return Array.from(this.cells.keys()).filter((id) => !kept.has(id));
  }
}

export type Tables = { readonly [K in Topic]: Table<Entities[K]> };

/** Everything that the server shows. */
export class Picture {
  readonly tables: Tables = {
    agents: new Table(),
    queues: new Table(),
    calls: new Table(),
    alerts: new Table(),
    sources: new Table(),
  };
  private at: Position | null = null;

  /** Up to where the picture is complete; `null` before the first snapshot and after a gap. */
  get position(): Position | null {
    return this.at;
  }

  /**
   * Take a message in. "gap": it does not follow on what is known; nothing was changed, and a snapshot is needed.
   */
  apply(message: Truth): "applied" | "gap" {
    if (message.type !== "snapshot" && !this.follows(message)) {
      this.at = null;
      return "gap";
    }
    this.at = { epoch: message.epoch, seq: message.seq };
    if (message.type !== "heartbeat") {
      batch(() => {
        for (const topic of TOPICS) this.take(topic, message);
      });
    }
    return "applied";
  }

  /** Forget the position: the next message must be a snapshot. What is shown stays until then. */
  unmoor(): void {
    this.at = null;
  }

  private follows(message: Exclude<Truth, { type: "snapshot" }>): boolean {
    if (this.at === null || message.epoch !== this.at.epoch) return false;
    // A heartbeat moves the number on over changes that didn't concern this subscription.
    return message.type === "heartbeat" ? message.seq >= this.at.seq : message.since === this.at.seq;
  }

  private take<K extends Topic>(topic: K, message: Exclude<Truth, { type: "heartbeat" }>): void {
    const table = this.tables[topic] as unknown as Table<Entities[Topic]>;
    const objects: readonly Entities[Topic][] = message[topic] || [];
    if (message.type === "snapshot") table.apply(objects, [], true);
    else table.apply(objects, message[`${topic}_removed`] || [], false);
  }
}
