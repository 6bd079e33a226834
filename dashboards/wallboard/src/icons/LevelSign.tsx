// The sign of a level: nothing when all is well, a triangle for a warning, a filled octagon when it is critical.

import { useWords } from "../shell/board";
import type { Level } from "../thresholds";
import { Icon } from "./Icon";

export function LevelSign({ level }: { readonly level: Level }) {
  const { t } = useWords();
  if (level === "ok") return null;
  return (
    <span class="sign">
      <Icon name={level} />
      <span class="spoken"> ({t.level[level]})</span>
    </span>
  );
}
