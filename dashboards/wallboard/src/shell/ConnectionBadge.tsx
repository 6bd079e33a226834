// The one place that always says how fresh the picture is, for eyes, screen readers and tests.

import { useBoard, useWords } from "./board";

export function ConnectionBadge() {
  const { live } = useBoard();
  const { t, format } = useWords();
  const state = live.connection.value;
  const truth = live.lastTruth.value;
  const word = live.epoch.value === null && state === "lost" ? "connecting" : state;
  return (
    <p class="connection" role="status" data-connection={state}>
      {t.shell.connection[word]}
      {state !== "live" && truth !== null && (
        <span class="spoken">. {t.shell.lastTrue(format.timeOfDay(truth))}</span>
      )}
    </p>
  );
}
