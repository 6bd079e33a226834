// The figures that stand on a queue's card and on its own page.

import type { Queue, ServiceLevel } from "../feed/messages";
import { NOTHING } from "../i18n/format";
import { useWords } from "../shell/board";
import type { Level } from "../thresholds";
import { Duration } from "../time/Duration";
import { Figure } from "./Figure";
import { Meter } from "./Meter";
import type { Judged } from "./useJudged";

export function LongestWait({ queue, judged }: { readonly queue: Queue; readonly judged: Judged }) {
  const { t } = useWords();
  const since = queue.longest_wait_since;
  return (
    <Figure
      name="longest"
      label={t.queues.longest}
      level={judged.longest}
      value={since === null ? NOTHING : <Duration since={since} until={judged.lost} />}
    />
  );
}

interface ServiceLevelProps {
  readonly level: ServiceLevel;
  readonly judged: Level;
}

export function ServiceLevelFigure({ level, judged }: ServiceLevelProps) {
  const { t, format } = useWords();
  const seconds = format.number(level.threshold);
  return (
    <Figure
      name="service"
      label={t.queues.level}
      short={t.queues.levelShort}
      level={judged}
      title={t.queues.within(format.number(level.met), format.number(level.of), seconds)}
      value={format.percent(level.value)}
    >
      <dd class="gauge">
        <Meter value={level.value} target={level.target} level={judged} />
      </dd>
      <dd class="note">
        {level.target === null
          ? t.queues.inTime(seconds)
          : t.queues.target(format.percent(level.target), seconds)}
      </dd>
    </Figure>
  );
}
