// Why customers are being lost right now.

import { Icon } from "../icons/Icon";
import { useWords } from "../shell/board";
import type { Alarm } from "./judge";

export function AlarmSign({ alarm }: { readonly alarm: Alarm | null }) {
  const { t } = useWords();
  if (alarm === null) return null;
  return (
    <p class="alarm">
      <Icon name="critical" />
      <span>{t.queues.alarm[alarm]}</span>
    </p>
  );
}
