// The server's time of day: it stands still when the server isn't heard.

import { useBoard, useWords } from "./board";

export function Clock() {
  const { ticker } = useBoard();
  const { format } = useWords();
  const second = ticker.second.value;
  return <time class="clock">{second === null ? "" : format.timeOfDay(second)}</time>;
}
