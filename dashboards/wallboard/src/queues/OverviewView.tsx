// A card per queue.

import { useComputed } from "@preact/signals";
import { Filled } from "../layout/Filled";
import { useBoard, useWords } from "../shell/board";
import { queueGrid } from "./layout";
import { QueueCard } from "./QueueCard";
import { selectQueues } from "./select";

export function OverviewView() {
  const { live, navigation, words } = useBoard();
  const { t } = useWords();
  const queues = live.tables.queues;
  // The ids in order, as one text: cards move only when that changes.
  const chosen = useComputed(() =>
    JSON.stringify(
      selectQueues(queues.all(), navigation.address.value.queues, words.value.format.compareNames).map(
        (queue) => queue.id,
      ),
    ),
  );
  const ids = JSON.parse(chosen.value) as string[];
  if (ids.length === 0) {
    return <p class="empty">{queues.ids.value.length === 0 ? t.queues.none : t.queues.noneChosen}</p>;
  }
  return (
    <Filled label={t.shell.view.overview} class="queues" layout={(box) => queueGrid(ids.length, box)}>
      {ids.map((id) => {
        const cell = queues.cell(id);
        return cell && <QueueCard key={id} cell={cell} />;
      })}
    </Filled>
  );
}
