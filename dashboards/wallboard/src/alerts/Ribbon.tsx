// What calls for somebody: the alerts that fire, newest first. Gone when there are none.

import { useComputed } from "@preact/signals";
import type { Alert } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Duration } from "../time/Duration";
import { carer, firing, gravestOf, isQuiet, saying } from "./select";

/** Lines; the rest is counted. */
const ROOM = 3;

export function Ribbon() {
  const { live, alerts } = useBoard();
  const { t, language } = useWords();
  const all = useComputed(() => firing(live.tables.alerts.all())).value;
  const loud = all.filter((alert) => !isQuiet(alert));
  const quiet = all.length - loud.length;
  const { shown, more } = gravestOf(loud, ROOM);
  const said = (alert: Alert) => saying(alert, language);
  const call = (alert: Alert) => `${t.alerts.severity[alert.severity]}: ${said(alert)}`;
  return (
    <>
      {/* Only what is new interrupts who listens; how many there are is said in a pause. */}
      <p class="spoken" role="alert">
        {alerts.fresh.value.map(call).join(". ")}
      </p>
      <p class="spoken" aria-live="polite">
        {t.alerts.count(loud.length)}
      </p>
      {all.length > 0 && (
        <section class="ribbon" aria-label={t.alerts.title} data-truth={live.connection.value}>
          <ul>
            {shown.map((alert) => (
              <li
                key={alert.id}
                class={alert.acknowledged ? "alert cared" : "alert"}
                data-alert={alert.id}
                data-severity={alert.severity}
              >
                <Icon name={alert.severity} />
                <span class="word">{t.alerts.severity[alert.severity]}</span>
                <span class="summary" title={said(alert)}>
                  {said(alert)}
                </span>
                {alert.acknowledged && <span class="carer">{carer(alert)}</span>}
                <Duration since={alert.since} />
              </li>
            ))}
          </ul>
          {more + quiet > 0 && (
            <p class="more">
              {[more > 0 && t.alerts.more(more), quiet > 0 && t.alerts.quiet(quiet)]
                .filter(Boolean)
                .join(" · ")}
            </p>
          )}
        </section>
      )}
    </>
  );
}
