// The page's copy of the state, and what of it changed since it was last drawn.

const TOPICS = ["agents", "queues", "sources"];

export class Store {
  constructor() {
    this.objects = {};
    this.changed = {};
    for (const topic of TOPICS) {
      this.objects[topic] = new Map();
      this.changed[topic] = new Set();
    }
  }

  /** Apply a message that follows on the one before. */
  apply(message) {
    for (const topic of TOPICS) {
      const objects = this.objects[topic];
      const changed = this.changed[topic];
      if (message.type === "snapshot") {
        for (const id of objects.keys()) changed.add(id);
        objects.clear();
      }
      for (const object of message[topic] || []) {
        objects.set(object.id, object);
        changed.add(object.id);
      }
      for (const id of message[`${topic}_removed`] || []) {
        objects.delete(id);
        changed.add(id);
      }
    }
  }

  /** Return the ids of a topic to draw again, and forget them. */
  takeChanged(topic) {
    const changed = this.changed[topic];
    this.changed[topic] = new Set();
    return changed;
  }
}
