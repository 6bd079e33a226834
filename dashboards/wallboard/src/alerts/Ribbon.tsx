// What calls for somebody: the alerts that fire, newest first. Gone when there are none.

import { useComputed } from "@preact/signals";
import type { Alert } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { firing, gravestOf } from "./select";

/** Lines; the rest is counted. */
const ROOM = 3;

export function Ribbon() {
  const { live, alerts } = useBoard();
  const { t } = useWords();
  const all = useComputed(() => firing(live.tables.alerts.all())).value;
  const { shown, more } = gravestOf(all, ROOM);
  const call = (alert: Alert) => `${t.alerts.severity[alert.severity]}: ${alert.summary}`;
  return (
    <>
      {/* Only what is new interrupts who listens; how many there are is said in a pause. */}
      <p class="spoken" role="alert">
        {alerts.fresh.value.map(call).join(". ")}
      </p>
      <p class="spoken" aria-live="polite">
        {t.alerts.count(all.length)}
      </p>
      {all.length > 0 && (
        <section class="ribbon" aria-label={t.alerts.title} data-truth={live.connection.value}>
          <ul>
            {shown.map((alert) => (
              <li key={alert.id} class="alert" data-alert={alert.id} data-severity={alert.severity}>
                <Icon name={alert.severity} />
                <span class="word">{t.alerts.severity[alert.severity]}</span>
                <span class="summary" title={alert.summary}>
                  {alert.summary}
                </span>
                <Duration since={alert.since} />
              </li>
            ))}
          </ul>
          {more > 0 && <p class="more">{t.alerts.more(more)}</p>}
        </section>
      )}
    </>
  );
}
