// A running time. Its text is written by the ticker, without drawing anything again.

import { useLayoutEffect, useRef } from "preact/hooks";
import { duration } from "../i18n/format";
import { useBoard } from "../shell/board";

interface Props {
  /** Unix seconds of the server. */
  readonly since: number;
  /** It stood still then: what it is about isn't known since. */
  readonly until?: number | null;
  readonly class?: string;
}

export function Duration({ since, until = null, class: name = "time" }: Props) {
  const { ticker } = useBoard();
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const text = document.createTextNode("");
    element.appendChild(text);
    const write = (second: number) => {
      const shown = duration((until === null ? second : until) - since);
      if (text.data === shown) return;
      text.data = shown;
      // With hours there is less room.
      if (shown.length > 5) element.setAttribute("data-long", "");
      else element.removeAttribute("data-long");
    };
    const second = ticker.second.peek();
    if (second !== null) write(second);
    const stop = until === null || second === null ? ticker.listen(write) : undefined;
    return () => {
      if (stop) stop();
      element.removeChild(text);
    };
  }, [ticker, since, until]);
  return <span class={name} ref={place} />;
}
