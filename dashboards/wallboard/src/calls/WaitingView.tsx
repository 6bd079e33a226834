// Everybody who waits, those who wait longest first.

import { useComputed } from "@preact/signals";
import { Icon } from "../icons/Icon";
import { Filled } from "../layout/Filled";
import { useBoard, useWords } from "../shell/board";
import { waitingGrid } from "./layout";
import { isWaiting, selectWaiting } from "./select";
import { WaitingRow } from "./WaitingRow";

export function WaitingView() {
  const { live, navigation } = useBoard();
  const { t, format } = useWords();
  const { calls, queues } = live.tables;
  // The ids in order, as one text: rows move only when that changes.
  const order = useComputed(() => {
    queues.ids.value; // their names don't change
    const wanted = navigation.address.value.queues;
    return JSON.stringify(
      selectWaiting(calls.all(), queues.peek.bind(queues), wanted).map((call) => call.id),
    );
  });
  const ids = JSON.parse(order.value) as string[];
  if (ids.length === 0) return <Nobody />;
  return (
    <div class="room">
      <div class="totals">
        <h2>{t.calls.count(ids.length, format.number(ids.length))}</h2>
      </div>
      <Filled label={t.shell.view.waiting} class="waitlist" layout={(box) => waitingGrid(ids.length, box)}>
        {ids.map((id) => {
          const cell = calls.cell(id);
          const call = cell?.peek();
          return cell && call && isWaiting(call) && <WaitingRow key={id} cell={cell} first={call} />;
        })}
      </Filled>
    </div>
  );
}

/** Good news, but only where all is known. */
function Nobody() {
  const { live, navigation } = useBoard();
  const { t } = useWords();
  const known = useComputed(() => live.tables.sources.all().every((source) => source.state === "up")).value;
  const some = navigation.address.value.queues.length > 0;
  if (live.tables.queues.ids.value.length === 0) return <p class="empty">{t.queues.none}</p>;
  if (!known) return <p class="empty">{t.calls.unknown}</p>;
  return (
    <div class="calm">
      <Icon name="available" />
      <p>{t.calls.nobody}</p>
      <p class="note">{some ? t.calls.noneChosen : t.calls.none}</p>
    </div>
  );
}
