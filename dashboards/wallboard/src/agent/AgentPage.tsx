// An operator's own page: what is going on, why, and the whole day.

import "../style/agent.css";
import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals-core";
import { queueNames } from "../agents/queueNames";
import type { Agent } from "../feed/messages";
import { Icon } from "../icons/Icon";
import { useBoard, useWords } from "../shell/board";
import { Link } from "../shell/Link";
import { AgentHead } from "./AgentHead";
import { Calls } from "./Calls";
import { DayTimeline } from "./DayTimeline";
import { spansNow, withGaps } from "./day";
import { Memberships } from "./Memberships";
import { SpanTable } from "./SpanTable";
import { StateTimes } from "./StateTimes";
import { useDay } from "./useDay";

export function AgentPage({ id }: { readonly id: string }) {
  const { agents } = useBoard().live.tables;
  agents.ids.value; // an agent may come, or go
  const cell = agents.cell(id);
  return cell === undefined ? <Missing id={id} /> : <Present cell={cell} />;
}

export function BackLink() {
  const { t } = useWords();
  return (
    <Link to={{ place: { kind: "view", view: "agents" } }} class="back">
      <Icon name="back" />
      {t.agent.back}
    </Link>
  );
}

function Missing({ id }: { readonly id: string }) {
  const { t } = useWords();
  return (
    <div class="empty missing">
      <h2>{t.agent.missing(id)}</h2>
      <p>{t.agent.missingWhy}</p>
      <p>
        <BackLink />
      </p>
    </div>
  );
}

function Present({ cell }: { readonly cell: ReadonlySignal<Agent> }) {
  const { live } = useBoard();
  const { t, format } = useWords();
  const loader = useDay(cell);
  const day = loader.value.value;
  const failed = loader.failed.value;
  const spans = useComputed(() => {
    const known = loader.value.value;
    if (known === null) return [];
    const { timeline } = known;
    const shown = spansNow(timeline.spans, cell.value);
    return timeline.dropped > 0 ? shown : withGaps(shown, timeline.day_start);
  });
  const names = queueNames(live.tables);
  return (
    <div class="agentpage">
      <BackLink />
      <AgentHead cell={cell} />
      <section class="panel day" aria-label={t.agent.day}>
        {day === null ? (
          <p class="wait" role="status">
            {failed && <Icon name="warning" />}
            {failed ? t.agent.failed : t.agent.loading}
          </p>
        ) : (
          <DayTimeline spans={spans} dayStart={day.timeline.day_start} queueName={names} />
        )}
        {day !== null && failed && (
          <p class="note trouble" role="status">
            <Icon name="warning" />
            {t.agent.failedOld(format.timeOfDay(day.timeline.at))}
          </p>
        )}
        {day !== null && day.timeline.dropped > 0 && (
          <p class="note">{t.agent.dropped(day.timeline.dropped, format.number(day.timeline.dropped))}</p>
        )}
      </section>
      <div class="below">
        <section class="panel" aria-label={t.agent.times}>
          <Calls cell={cell} day={day} />
          <StateTimes cell={cell} day={day} />
        </section>
        <section class="panel" aria-label={t.agent.queues}>
          <h3>{t.agent.queues}</h3>
          <Memberships cell={cell} queueName={names} />
        </section>
        <SpanTable spans={spans} queueName={names} />
      </div>
    </div>
  );
}
