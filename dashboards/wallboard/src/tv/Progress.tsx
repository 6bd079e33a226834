// Which of the views is shown, and discreetly how long still.

import { useBoard, useWords } from "../shell/board";

export function Progress() {
  const { tour, navigation } = useBoard();
  const { t } = useWords();
  if (!tour.moves) return null;
  const { index, page, pages, paused, since } = tour.rotation.value;
  const { every } = navigation.address.value;
  return (
    <div class="tour">
      <ol aria-label={t.shell.views}>
        {tour.views.map((view, number) => (
          <li key={view} aria-current={number === index ? "true" : undefined}>
            {t.shell.view[view]}
            {number === index && pages > 1 && <span class="page"> {t.tv.page(page + 1, pages)}</span>}
            {number === index && !paused && (
              // One step per second: what glides would be painted sixty times as often.
              <i
                key={since}
                class="left"
                style={{ animationDuration: `${every}s`, animationTimingFunction: `steps(${every})` }}
              />
            )}
          </li>
        ))}
      </ol>
      {paused && <p class="paused">{t.tv.paused}</p>}
    </div>
  );
}
