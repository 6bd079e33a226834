// A share of 1 as a bar, and the target as a mark across it. The figure beside it says the same in words.

import { useWords } from "../shell/board";
import type { Level } from "../thresholds";

interface Props {
  readonly value: number | null;
  readonly target: number | null;
  readonly level: Level;
}

export function Meter({ value, target, level }: Props) {
  const { format } = useWords();
  const percent = (share: number): string => `${Math.min(1, Math.max(0, share)) * 100}%`;
  return (
    <div class="meter" data-level={level} aria-hidden="true">
      {value !== null && <div class="filling" style={{ width: percent(value) }} />}
      {target !== null && (
        <div class="goal" style={{ left: percent(target) }} title={format.percent(target)} />
      )}
    </div>
  );
}
