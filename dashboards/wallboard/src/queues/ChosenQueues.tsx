// That these are not all queues: a choice made in another view must not be mistaken for the whole.

import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";

export function ChosenQueues() {
  const { t } = useWords();
  const { queues, tv } = useBoard().navigation.address.value;
  if (tv || queues.length === 0) return null;
  return (
    <div class="totals">
      <h2>{t.queues.only(queues.join(", "))}</h2>
      <Link to={{ queues: [] }} class="action">
        {t.queues.all}
      </Link>
    </div>
  );
}
