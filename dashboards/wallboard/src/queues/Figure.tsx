// A figure with its label, in a <dl>.

import type { ComponentChildren } from "preact";
import { NOTHING } from "../i18n/format";
import { LevelSign } from "../icons/LevelSign";
import type { Level } from "../thresholds";

interface Props {
  readonly name: string;
  readonly label: string;
  /** Instead of the label where there is little room. */
  readonly short?: string | undefined;
  readonly level?: Level;
  /** Beside the number: what belongs to it. */
  readonly beside?: string;
  readonly title?: string | undefined;
  /** How many characters have room; longer values are written smaller. */
  readonly room?: number;
  /** Only the number, or a running time. */
  readonly value: ComponentChildren;
  /** Further <dd>s. */
  readonly children?: ComponentChildren;
}

/** The sign stands by the label: numbers don't move when a level changes. */
export function Figure(props: Props) {
  const { name, label, short, level = "ok", beside = "", title, room = 5, value, children } = props;
  const long = typeof value === "string" && value.length > room;
  return (
    <div class={`figure ${name}`} data-level={level} title={title}>
      <dt>
        <span class="label">{label}</span>
        {short !== undefined && <span class="short">{short}</span>}
        <LevelSign level={level} />
      </dt>
      <dd class={value === NOTHING ? "value none" : "value"}>
        <span class="number" data-long={long ? "" : undefined}>
          {value}
        </span>
      </dd>
      {beside !== "" && <dd class="beside">{beside}</dd>}
      {children}
    </div>
  );
}
