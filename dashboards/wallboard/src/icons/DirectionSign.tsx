// Which way a call goes: an arrow in, an arrow out, or both among colleagues.

import type { Direction } from "../feed/messages";
import { useWords } from "../shell/board";
import { Icon, type IconName } from "./Icon";

const ICONS: Readonly<Record<Direction, IconName>> = {
  inbound_queue: "inbound",
  inbound_direct: "inbound",
  outbound: "outbound",
  internal: "internal",
};

/** `told`: the text beside it says the kind of call already. */
export function DirectionSign({
  direction,
  told,
}: {
  readonly direction: Direction;
  readonly told: boolean;
}) {
  const { t } = useWords();
  return (
    <span class="direction" title={t.direction[direction]}>
      <Icon name={ICONS[direction]} />
      {!told && <span class="spoken">{t.direction[direction]} </span>}
    </span>
  );
}
