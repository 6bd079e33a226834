// Queues as people call them.

import type { Tables } from "../feed/picture";
import { localName } from "../queues/select";

/** Return what gives a queue's name for its id. Names don't change: nothing is followed. */
export function queueNames({ queues }: Pick<Tables, "queues">): (id: string) => string {
  return (id) => {
    const queue = queues.peek(id);
    return queue ? queue.name : localName(id);
  };
}
